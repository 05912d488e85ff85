package io.github.internvl.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ReadingsTest {
    @Test
    void endsTheSlowestForOneMore() throws Exception {
        Readings readings = new Readings(2);
        CompletableFuture<Integer> slow = CompletableFuture.supplyAsync(() -> {
            try (Readings.Reading reading = readings.begin()) {
                reading.came(1);
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
        try (Readings.Reading fast = readings.begin()) {
            fast.came(1 << 20);
            assertThatThrownBy(readings::begin)
                    .as("nobody has had a second")
                    .isInstanceOfSatisfying(
                            Refusal.class, r -> assertThat(r.status()).isEqualTo(429));
            Thread.sleep(1100);
            try (Readings.Reading more = readings.begin()) {
                assertThat(readings.count()).isEqualTo(2);
                fast.check();
                more.check();
            }
            assertThatThrownBy(slow::get)
                    .isInstanceOf(ExecutionException.class)
                    .cause()
                    .isInstanceOfSatisfying(
                            Refusal.class, r -> assertThat(r.status()).isEqualTo(408));
        }
        assertThat(readings.count()).isZero();
        assertThat(Thread.interrupted()).isFalse();
    }
}
