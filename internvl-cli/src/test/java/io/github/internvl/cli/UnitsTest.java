package io.github.internvl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnitsTest {
    @ParameterizedTest
    @CsvSource({"0,0 B", "1023,1023 B", "1024,1.0 KiB", "1876293632,1.7 GiB", "5497558138880,5.0 TiB"})
    void writesBytes(long bytes, String text) {
        assertThat(Units.bytes(bytes)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"427,427", "'151674','151,674'", "938192896,938.2 million", "25514186112,25.51 billion"})
    void writesCounts(long count, String text) {
        assertThat(Units.count(count)).isEqualTo(text);
    }

    @Test
    void writesSeconds() {
        assertThat(Units.seconds(Duration.ofMillis(1254))).isEqualTo("1.25 s");
    }
}
