package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.engine.Engine;
import io.github.internvl.internal.model.Footprint;
import io.github.internvl.internal.model.Models;
import io.github.internvl.internal.model.TokenChunk;
import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.internal.torch.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KeyMemoryTest {
    private static final Checkpoint CHECKPOINT = Checkpoint.open(TinyCheckpoint.qwen());
    private static final Footprint FOOTPRINT = new Footprint(CHECKPOINT.config());
    private static final int MANY = 10_000; // slots, whose keys and values take more than the headroom

    @Test
    void staticSlotsAreTheDefaultWhereTheyLeaveHalfOfTheMemoryFree() {
        long need = (long) MANY * 8192 * FOOTPRINT.keyBytes(on("cuda:0"));

        assertThat(need).isGreaterThan(DeviceMap.HEADROOM);
        assertThat(suits("cuda:0", 8192, 2 * need)).isTrue();
        assertThat(suits("cuda:0", 8192, 2 * need - 2)).isFalse();
    }

    @Test
    void staticSlotsAreNotTheDefaultForLongContextsOnCpusAndWhereNothingIsKnown() {
        assertThat(suits("cuda:0", 8192, 1L << 50)).isTrue();
        assertThat(suits("cuda:0", 8193, 1L << 50)).isFalse();
        assertThat(suits("cpu", 8192, 1L << 50)).isFalse();
        assertThat(suits("cuda:0", 8192, Long.MAX_VALUE)).isFalse();
    }

    @Test
    void visualTokensTakeFromWhatKeysAndValuesHave() {
        long free = 4L << 30;
        Engine.Limits few = new Engine.Limits(8, 256, 512, 4, 0, 1L << 50, 0);
        Engine.Limits more = new Engine.Limits(8, 256, 512, 4, 0, 1L << 50, 2L << 30);
        KeyMemory memory = new KeyMemory(FOOTPRINT, on("cuda:0"), device -> free);

        long each = FOOTPRINT.keyBytes(on("cuda:0"));
        assertThat(memory.within(few).keyTokens() * each).isBetween((3L << 30) - each, (3L << 30) + 256 * each);
        assertThat(memory.within(more).keyTokens() * each).isLessThan((2L << 30) + 256 * each);
    }

    @Test
    void aDefaultThatCannotBeAllocatedLeavesTheModelAsItWas() {
        Models.Format format = new Models.Format(NumberFormat.FLOAT32, Precision.FLOAT32, "cpu");
        int slots = 10_000_000; // beyond every address space
        Engine.Limits limits = new Engine.Limits(slots, 1 << 20, 512, 4, 0, (long) slots << 20, 0);
        try (Models models = Models.load(CHECKPOINT, format, bytes -> {})) {
            assertThat(new KeyMemory(FOOTPRINT, format, device -> 0).allocateByDefault(models, limits))
                    .isFalse();

            models.language().reserve(0, 256, 0);
            TokenChunk chunk = new TokenChunk(0, 0, new int[] {5, 6}, 2, TokenChunk.Visual.NONE, 1);
            try (Tensor logits = models.language().step(List.of(chunk))) {
                assertThat(logits.shape()[0]).isEqualTo(1);
            }
        }
    }

    private static boolean suits(String device, int context, long free) {
        Engine.Limits limits = new Engine.Limits(MANY, context, 2048, 4, 0, (long) MANY * context, 0);
        return new KeyMemory(FOOTPRINT, on(device), place -> free).suitsStaticSlots(limits);
    }

    private static Models.Format on(String device) {
        DevicePlan plan =
                new DevicePlan(Precision.BFLOAT16, device, device, device, List.of(), device, Map.of(device, 1L));
        return Models.Format.of(plan, false, false);
    }
}
