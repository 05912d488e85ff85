package io.github.internvl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.PrintWriter;
import java.io.Reader;
import java.io.StringWriter;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class LoadingBarTest {
    private final StringWriter err = new StringWriter();

    @Test
    void growsAndWipesItself() {
        try (LoadingBar bar = new LoadingBar(terminal(true), Duration.ZERO)) {
            bar.listener("Loading").onProgress(512, 2048);
            bar.listener("Loading").onProgress(2048, 2048);
        }
        String[] lines = err.toString().split("\r");
        assertThat(lines[1]).isEqualTo("Loading [#######                       ] 512 B of 2.0 KiB");
        assertThat(lines[2]).startsWith("Loading [##############################] 2.0 KiB of 2.0 KiB");
        assertThat(lines[3]).isBlank().hasSameSizeAs(lines[2]);
        assertThat(lines).hasSize(4);
    }

    @Test
    void wipesALongerLineOfBefore() {
        try (LoadingBar bar = new LoadingBar(terminal(true), Duration.ZERO)) {
            bar.listener("Downloading").onProgress(2048, 2048);
            bar.listener("Loading").onProgress(2, 2048);
        }
        assertThat(err.toString())
                .contains("\rDownloading [##############################] 2.0 KiB of 2.0 KiB\r")
                .contains("\rLoading [                              ] 2 B of 2.0 KiB        \r");
    }

    @Test
    void staysSilentForAMoment() {
        try (LoadingBar bar = new LoadingBar(terminal(true), Duration.ofDays(1))) {
            bar.listener("Loading").onProgress(512, 2048);
        }
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void staysSilentWithoutAPerson() {
        try (LoadingBar bar = new LoadingBar(terminal(false), Duration.ZERO)) {
            bar.listener("Loading").onProgress(512, 2048);
        }
        assertThat(err.toString()).isEmpty();
    }

    private Terminal terminal(boolean interactive) {
        return new Terminal(
                new BufferedReader(Reader.nullReader()),
                new PrintWriter(new StringWriter()),
                new PrintWriter(err),
                interactive);
    }
}
