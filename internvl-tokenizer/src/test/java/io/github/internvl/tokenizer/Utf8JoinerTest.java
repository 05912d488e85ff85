package io.github.internvl.tokenizer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.util.HexFormat;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class Utf8JoinerTest {
    private static String joined(boolean replacesEachByte, byte[] bytes) {
        Utf8Joiner joiner = new Utf8Joiner(replacesEachByte);
        StringBuilder text = new StringBuilder();
        for (byte b : bytes) {
            joiner.append(new byte[] {b}, 0, text);
        }
        joiner.finish(text);
        return text.toString();
    }

    @Test
    void joinsEveryCharacter() {
        StringBuilder all = new StringBuilder();
        for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
            if (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE) {
                all.appendCodePoint(c);
            }
        }
        String text = all.toString();
        assertThat(joined(false, text.getBytes(UTF_8)).equals(text)).isTrue();
        assertThat(joined(true, text.getBytes(UTF_8)).equals(text)).isTrue();
    }

    private record Invalid(String hex, String python, String sentencepiece) {}

    @Test
    void replacesInvalidBytesAsThePythonReferencesDo() throws IOException {
        try (Reader file = new InputStreamReader(
                Objects.requireNonNull(Utf8JoinerTest.class.getResourceAsStream("bytes.json")), UTF_8)) {
            for (Invalid row : new Gson().fromJson(file, Invalid[].class)) {
                byte[] bytes = HexFormat.of().parseHex(row.hex());
                assertThat(joined(false, bytes)).as(row.hex()).isEqualTo(row.python());
                assertThat(joined(true, bytes)).as(row.hex()).isEqualTo(row.sentencepiece());
            }
        }
    }

    @Test
    void holdsBackOnlyAnUnfinishedCharacter() {
        Utf8Joiner joiner = new Utf8Joiner(false);
        StringBuilder text = new StringBuilder();
        joiner.append(new byte[] {'a', (byte) 0xE4, (byte) 0xBD}, 0, text);
        assertThat(text).hasToString("a");
        joiner.append(new byte[] {(byte) 0xA0}, 0, text);
        assertThat(text).hasToString("a你");
    }
}
