package io.github.internvl.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.engine.EngineException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EndingsTest {
    private final EngineException refused =
            new EngineException("RuntimeError: CUDA error: invalid configuration argument");

    private final RequestQueue queue = new RequestQueue(1, 1);

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anErrorOfTheDeviceLastsIfItComputesNoMore(boolean computes) {
        assertThat(endings(computes).isLasting(refused)).isEqualTo(!computes);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void otherErrorsNeverLast(boolean computes) {
        assertThat(endings(computes).isLasting(new EngineException("CUDA out of memory")))
                .isFalse();
        assertThat(endings(computes).isLasting(new IllegalStateException("CUDA error: ")))
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theDeviceIsAskedOnceForEachError(boolean computes) {
        AtomicInteger times = new AtomicInteger();
        Endings endings = endings(() -> times.incrementAndGet() > 0 && computes);
        for (int sequence = 0; sequence < 8; sequence++) {
            assertThat(endings.isLasting(refused)).isEqualTo(!computes);
        }
        assertThat(times).hasValue(1);
        endings.isLasting(new EngineException("CUDA error: unspecified launch failure"));
        assertThat(times).hasValue(2);
    }

    private Endings endings(boolean computes) {
        return endings(() -> computes);
    }

    private Endings endings(BooleanSupplier computes) {
        return new Endings(new Scheduler(new SlotPool(1, 256, Integer.MAX_VALUE), 10), queue, computes);
    }
}
