package io.github.internvl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.hub.ProgressListener;
import java.io.BufferedReader;
import java.io.PrintWriter;
import java.io.Reader;
import java.io.StringWriter;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class LoadingBarTest {
    private static final LoadingBar.Pace AT_ONCE = new LoadingBar.Pace(Duration.ZERO, Duration.ZERO, Duration.ZERO);

    private final StringWriter err = new StringWriter();
    private long nanos;

    private LoadingBar bar(boolean interactive, LoadingBar.Pace pace) {
        Terminal terminal = new Terminal(
                new BufferedReader(Reader.nullReader()),
                new PrintWriter(new StringWriter()),
                new PrintWriter(err, true),
                interactive);
        return new LoadingBar(terminal, pace, () -> nanos);
    }

    private void at(double seconds) {
        nanos = (long) (seconds * 1e9);
    }

    @Test
    void growsAndWipesItself() {
        try (LoadingBar bar = bar(true, AT_ONCE)) {
            bar.loading().onProgress(512, 2048);
            bar.loading().onProgress(2048, 2048);
        }
        String[] lines = err.toString().split("\r");
        assertThat(lines[1]).isEqualTo("Loading [#######                       ] 512 B of 2.0 KiB");
        assertThat(lines[2]).startsWith("Loading [##############################] 2.0 KiB of 2.0 KiB");
        assertThat(lines[3]).isBlank().hasSameSizeAs(lines[2]);
        assertThat(lines).hasSize(4);
    }

    @Test
    void wipesALongerLineOfBefore() {
        try (LoadingBar bar = bar(true, AT_ONCE)) {
            bar.downloading().onProgress(2048, 2048);
            bar.loading().onProgress(2, 2048);
        }
        assertThat(err.toString())
                .contains("\rDownloading [##############################] 2.0 KiB of 2.0 KiB\r")
                .contains("\rLoading [                              ] 2 B of 2.0 KiB        \r");
    }

    @Test
    void showsTheSpeedOfADownloadAndTheTimeLeft() {
        try (LoadingBar bar = bar(true, AT_ONCE)) {
            ProgressListener download = bar.downloading();
            download.onProgress(500 << 20, 2000L << 20); // of an earlier attempt: not part of the speed
            at(2);
            download.onProgress(520 << 20, 2000L << 20);
        }
        assertThat(err.toString()).contains("520.0 MiB of 2.0 GiB, 10.0 MiB/s, 2 min left");
    }

    @Test
    void forgetsTheSpeedOfLongAgo() {
        try (LoadingBar bar = bar(true, AT_ONCE)) {
            ProgressListener download = bar.downloading();
            for (int second = 0; second <= 40; second++) {
                at(second);
                download.onProgress((second < 20 ? second : 20 + (second - 20) * 3L) << 20, 200 << 20);
            }
        }
        assertThat(err.toString()).contains("80.0 MiB of 200.0 MiB, 3.0 MiB/s, 40 s left");
    }

    @Test
    void writesLinesOfADownloadWithoutATerminal() {
        LoadingBar.Pace pace = new LoadingBar.Pace(Duration.ofMillis(500), Duration.ZERO, Duration.ofSeconds(10));
        try (LoadingBar bar = bar(false, pace)) {
            ProgressListener download = bar.downloading();
            for (int second = 0; second <= 25; second++) {
                at(second);
                download.onProgress(second << 20, 100 << 20);
            }
        }
        assertThat(err.toString().lines())
                .containsExactly(
                        "Downloading 1.0 MiB of 100.0 MiB, 1.0 MiB/s, 99 s left",
                        "Downloading 11.0 MiB of 100.0 MiB, 1.0 MiB/s, 89 s left",
                        "Downloading 21.0 MiB of 100.0 MiB, 1.0 MiB/s, 79 s left");
        assertThat(err.toString()).doesNotContain("\r");
    }

    @Test
    void staysSilentForAMoment() {
        LoadingBar.Pace late = new LoadingBar.Pace(Duration.ofDays(1), Duration.ZERO, Duration.ZERO);
        try (LoadingBar bar = bar(true, late)) {
            bar.loading().onProgress(512, 2048);
        }
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void staysSilentAboutLoadingWithoutATerminal() {
        try (LoadingBar bar = bar(false, AT_ONCE)) {
            bar.loading().onProgress(512, 2048);
        }
        assertThat(err.toString()).isEmpty();
    }
}
