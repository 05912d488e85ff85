package io.github.internvl.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BodyReadingsTest {
    @Test
    void endsTheSlowestForOneMore() throws Exception {
        BodyReadings readings = new BodyReadings(2);
        CompletableFuture<Integer> slow = CompletableFuture.supplyAsync(() -> {
            try (BodyReadings.Reading reading = readings.begin()) {
                reading.received(1);
                while (true) { // as a thread that waits for a client does
                    try {
                        Thread.sleep(60_000);
                    } catch (InterruptedException e) {
                        reading.check();
                    }
                }
            }
        });
        while (readings.count() < 1) {
            Thread.sleep(5);
        }
        try (BodyReadings.Reading fast = readings.begin()) {
            fast.received(1 << 20);
            assertThatThrownBy(readings::begin)
                    .as("nobody has had a second")
                    .isInstanceOfSatisfying(
                            ApiException.class, r -> assertThat(r.status()).isEqualTo(429));
            Thread.sleep(1100);
            try (BodyReadings.Reading more = readings.begin()) {
                assertThat(readings.count()).isEqualTo(2);
                fast.check();
                more.check();
            }
            assertThatThrownBy(slow::get)
                    .isInstanceOf(ExecutionException.class)
                    .cause()
                    .isInstanceOfSatisfying(
                            ApiException.class, r -> assertThat(r.status()).isEqualTo(408));
        }
        assertThat(readings.count()).isZero();
        assertThat(Thread.interrupted()).isFalse();
    }
}
