package io.github.internvl.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.OptionalLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestContextTest {
    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, -5, 0, 5, Long.MAX_VALUE})
    void givesEqualQuestionsTheTimeOfTheirRequestWhateverTheClockShows(long now) {
        Duration usual = Duration.ofDays(400);
        assertThat(RequestContext.left(OptionalLong.empty(), now, usual)).isEqualTo(usual);
        assertThat(RequestContext.left(OptionalLong.of(now + 7), now, usual)).isEqualTo(Duration.ofNanos(7));
        assertThat(RequestContext.left(OptionalLong.of(now - 7), now, usual)).isEqualTo(Duration.ofNanos(-7));
    }
}
