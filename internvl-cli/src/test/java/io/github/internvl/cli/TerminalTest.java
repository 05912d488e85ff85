package io.github.internvl.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class TerminalTest {

    @Test
    void refusesOnlyTheLineWhoseBytesAreNoText() throws IOException {
        String whole = "What does \ufffd mean, \ud83e\udd80?";
        byte[] bytes = (whole + "\nA !? line\n" + whole + "\n").getBytes(UTF_8);
        bytes[new String(bytes, ISO_8859_1).indexOf('!')] = (byte) 0xe9;
        BufferedReader lines = Terminal.reader(new ByteArrayInputStream(bytes), UTF_8);

        assertThat(NativeText.whole(lines.readLine())).isEqualTo(whole);
        String damaged = lines.readLine();
        assertThatThrownBy(() -> NativeText.whole(damaged))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("a question must be UTF-8: \"A ")
                .hasMessageEndingWith("? line\" has invalid bytes; convert it");
        assertThat(NativeText.whole(lines.readLine())).isEqualTo(whole);
    }
}
