package io.github.internvl.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RateLimitTest {
    private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 5); // nanoTime may wrap
    private final RateLimit limit = new RateLimit(2, clock::get);

    private void pass(Duration time) {
        clock.addAndGet(time.toNanos());
    }

    @Test
    void givesEachClientItsOwnShareOfAMinute() {
        limit.count("a");
        limit.count("a");
        assertThatExceptionOfType(ApiException.class)
                .isThrownBy(() -> limit.count("a"))
                .satisfies(refusal -> assertThat(refusal.retryAfter()).isEqualTo(Duration.ofSeconds(30)));
        limit.count("b");
        pass(Duration.ofSeconds(30));
        limit.count("a");
        assertThatExceptionOfType(ApiException.class).isThrownBy(() -> limit.count("a"));
        pass(Duration.ofHours(1));
        limit.count("a");
        limit.count("a");
        assertThatExceptionOfType(ApiException.class).isThrownBy(() -> limit.count("a"));
    }
}
