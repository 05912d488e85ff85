package io.github.internvl.internal.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.internvl.internal.checkpoint.Catalogue;
import io.github.internvl.internal.checkpoint.ModelConfig.LanguageConfig;
import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.internal.torch.ScriptModule;
import io.github.internvl.internal.torch.Tensor;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** All texts compute the attention of the formula, whatever the sizes of blocks and what is left over. */
class AttentionKernelTest {
    private final Random random = new Random(5);

    private float[] numbers(int count) {
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = (float) random.nextGaussian();
        }
        return numbers;
    }

    /** The attention of row n of head c: softmax of its products with the first {@code seen} keys, times the values. */
    private static double[] expected(float[] q, int row, float[] k, float[] v, int head, int m, int seen, int w) {
        double[] weights = new double[seen];
        double sum = 0;
        for (int key = 0; key < seen; key++) {
            double product = 0;
            for (int i = 0; i < w; i++) {
                product += q[row * w + i] * k[(head * m + key) * w + i];
            }
            weights[key] = Math.exp(product / Math.sqrt(w));
            sum += weights[key];
        }
        double[] y = new double[w];
        for (int key = 0; key < seen; key++) {
            for (int i = 0; i < w; i++) {
                y[i] += weights[key] / sum * v[(head * m + key) * w + i];
            }
        }
        return y;
    }

    private static float[] computed(AttentionKernel kernel, String method, Tensor... inputs) {
        try (ScriptModule trial = ScriptModule.compile("trial", Map.of("attention", kernel.file()));
                Tensor y = trial.call(method, (Object[]) inputs)) {
            return y.floats();
        }
    }

    @ParameterizedTest
    @CsvSource({"FUSED,1,2,33,8", "BLOCKS,1,2,33,8", "BLOCKS,2,3,1025,8", "BLOCKS,1,1,2601,4"})
    void everyPositionOfATileSeesAll(AttentionKernel kernel, int t, int c, int n, int w) {
        float[] q = numbers(t * c * n * w);
        float[] k = numbers(t * c * n * w);
        float[] v = numbers(t * c * n * w);
        try (Tensor queries = Tensor.of(q, t, c, n, w);
                Tensor keys = Tensor.of(k, t, c, n, w);
                Tensor values = Tensor.of(v, t, c, n, w)) {
            float[] y = computed(kernel, "full", queries, keys, values);
            for (int head = 0; head < t * c; head++) {
                for (int row = 0; row < n; row += 97) {
                    double[] expected = expected(q, head * n + row, k, v, head, n, n, w);
                    for (int i = 0; i < w; i++) {
                        assertThat((double) y[(head * n + row) * w + i])
                                .as("head %s, row %s", head, row)
                                .isCloseTo(expected[i], within(1e-4));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "FUSED,5,5,1,2,8",
        "FUSED,5,9,2,1,8",
        "BLOCKS,5,5,1,2,8",
        "BLOCKS,5,9,2,3,8",
        "BLOCKS,2,300,2,7,8",
        "BLOCKS,300,300,2,7,8",
        "BLOCKS,129,4000,1,1,4",
        "BLOCKS,40,2500,8,8,4"
    })
    void thePositionsOfAPromptSeeThoseBeforeThem(AttentionKernel kernel, int n, int m, int kv, int group, int w) {
        float[] q = numbers(n * kv * group * w);
        float[] k = numbers(kv * m * w);
        float[] v = numbers(kv * m * w);
        try (Tensor queries = Tensor.of(q, n, kv, group, w);
                Tensor keys = Tensor.of(k, kv, m, w);
                Tensor values = Tensor.of(v, kv, m, w)) {
            float[] y = computed(kernel, "causal", queries, keys, values);
            for (int row = 0; row < n; row += n > 20 ? 13 : 1) {
                for (int head = 0; head < kv * group; head++) {
                    int at = row * kv * group + head;
                    double[] expected = expected(q, at, k, v, head / group, m, m - n + row + 1, w);
                    for (int i = 0; i < w; i++) {
                        assertThat((double) y[at * w + i])
                                .as("row %s, head %s", row, head)
                                .isCloseTo(expected[i], within(1e-4));
                    }
                }
            }
        }
    }

    /** Places behind a sequence hold no numbers where they must not be read at all. */
    @ParameterizedTest
    @CsvSource({"static_slots,3,9", "static_slots,1,9", "static_slots_cuda,3,NaN", "static_slots_cuda,1,NaN"})
    void eachSlotSeesItsOwnSequence(String file, int n, float behind) {
        int s = 4;
        int kv = 2;
        int group = 3;
        int w = 8;
        int m = 24;
        int length = 16;
        int[] positions = {15, m - 1, 4}; // the second slot has no next token
        float[] kept = numbers(s * 2 * kv * m * w);
        float[] q = numbers(n * kv * group * w);
        float[] added = numbers(n * 2 * kv * w);
        for (int slot = 0; slot < n; slot++) {
            for (int head = 0; head < 2 * kv; head++) {
                int at = ((slot * 2 * kv) + head) * m * w;
                Arrays.fill(kept, at + Math.min(length, positions[slot] + 1) * w, at + m * w, behind);
            }
        }
        Map<String, String> used = Map.of("static_slots", file, "attention", "attention_plain");
        try (ScriptModule trial = ScriptModule.compile("slots_trial", used);
                Tensor cache = Tensor.of(kept, s, 2, kv, m, w);
                Tensor queries = Tensor.of(q, n, (long) kv * group, w);
                Tensor last = Tensor.of(added, n, 2, kv, w);
                Tensor places = Tensor.of(Arrays.copyOf(positions, n));
                Tensor found = trial.call("attend", cache, queries, last, places, length)) {
            float[] y = found.floats();
            for (int slot = 0; slot < n; slot += 2) {
                for (int head = 0; head < kv * group; head++) {
                    float[] keys = sequence(kept, added, slot, head / group, positions[slot]);
                    float[] values = sequence(kept, added, slot, kv + head / group, positions[slot]);
                    int row = slot * kv * group + head;
                    int seen = positions[slot] + 1;
                    double[] expected = expected(q, row, keys, values, 0, seen, seen, w);
                    for (int i = 0; i < w; i++) {
                        assertThat((double) y[row * w + i])
                                .as("slot %s, head %s", slot, head)
                                .isCloseTo(expected[i], within(1e-4));
                    }
                }
            }
        }
    }

    /** The keys or values of a head up to a new token at some position, of two key heads with 24 places of 8 numbers. */
    private static float[] sequence(float[] kept, float[] added, int slot, int head, int position) {
        int at = (slot * 4 + head) * 24 * 8;
        float[] all = Arrays.copyOfRange(kept, at, at + (position + 1) * 8);
        System.arraycopy(added, (slot * 4 + head) * 8, all, position * 8, 8);
        return all;
    }

    @Test
    void numbersOfSixteenBitsOnAGpuHaveAttentionOverEachSlotsOwnSequence() {
        assertThat(AttentionKernel.CUDA.slotsFile(NumberFormat.BFLOAT16, false)).isEqualTo("static_slots_cuda");
        assertThat(AttentionKernel.CUDA.slotsFile(NumberFormat.FLOAT16, false)).isEqualTo("static_slots_cuda");
        assertThat(AttentionKernel.CUDA.slotsFile(NumberFormat.FLOAT32, false)).isEqualTo("static_slots");
        assertThat(AttentionKernel.CUDA.slotsFile(NumberFormat.BFLOAT16, true)).isEqualTo("static_slots");
        assertThat(AttentionKernel.FUSED.slotsFile(NumberFormat.BFLOAT16, false))
                .isEqualTo("static_slots");
    }

    @Test
    void onlyNumbersOfSixteenBitsOnACpuAreTried() {
        LanguageConfig llm =
                Catalogue.find("InternVL2_5-1B").orElseThrow().config().language();
        assertThat(AttentionKernel.ofPrompts(llm, NumberFormat.FLOAT32, Set.of("cpu")))
                .isEqualTo(AttentionKernel.FUSED);
        assertThat(AttentionKernel.ofPrompts(llm, NumberFormat.BFLOAT16, Set.of("cpu", "cuda:0")))
                .isEqualTo(AttentionKernel.FUSED);
        AttentionKernel found = AttentionKernel.ofPrompts(llm, NumberFormat.BFLOAT16, Set.of("cpu"));
        assertThat(AttentionKernel.ofPrompts(llm, NumberFormat.BFLOAT16, Set.of("cpu")))
                .as("a second trial of the same size")
                .isSameAs(found);
    }
}
