package io.github.internvl.internal.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.DevicePlan;
import io.github.internvl.Precision;
import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.internal.checkpoint.Checkpoint;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FootprintTest {
    private final Footprint footprint =
            new Footprint(Checkpoint.open(TinyCheckpoint.qwen()).config());

    @Test
    void theFullestGpuLimitsTheKvCache() {
        Models.Format format = format(List.of("cuda:0", "cuda:1", "cuda:1"));
        long layer = footprint.keyBytes(format) / 3;
        Map<String, Long> free = Map.of("cuda:0", 1000 + 50 * layer, "cuda:1", 1000 + 80 * layer);
        assertThat(footprint.keyTokens(format, free::get, 1000)).isEqualTo(40);
    }

    @Test
    void layersOnTheCpuLimitNothing() {
        assertThat(footprint.keyTokens(format(List.of("cpu", "cpu", "cpu")), device -> 0, 1000))
                .isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void keysOfEightBitsTakeMemoryWhileTheyAreWidened() {
        Models.Format format = format(List.of("cuda:0", "cuda:0", "cuda:0"));
        assertThat(footprint.widenedBytes(2, 100)).isEqualTo(100 * footprint.keyBytes(format) / 3 * 2);
    }

    private static Models.Format format(List<String> layers) {
        DevicePlan plan = new DevicePlan(Precision.BFLOAT16, "cpu", "cpu", "cpu", layers, "cpu", Map.of());
        return Models.Format.of(plan, false, false);
    }
}
