package io.github.internvl.internal.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.github.internvl.DevicePlan;
import io.github.internvl.Precision;
import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.internal.torch.ScriptModule;
import io.github.internvl.internal.torch.Tensor;
import io.github.internvl.internal.torch.TorchRuntime;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The graph text for CUDA gives the numbers of the text for CPUs, as far as a CPU has its operations. */
class LeanTextTest {
    private static final Map<String, String> LEAN =
            Map.of("norm", "norm_cuda", "linear", "dense_cuda", "head", "dense_cuda");
    private static final int SLOTS = 2;
    private static final int ROOM = 256;

    static Stream<Path> checkpoints() {
        return Stream.of(TinyCheckpoint.qwen(), TinyCheckpoint.internlm2());
    }

    @ParameterizedTest
    @MethodSource("checkpoints")
    void computesWhatTheTextForCpusDoes(Path checkpoint) {
        assertThat(distance(checkpoint, NumberFormat.FLOAT32)).isCloseTo(0, within(1e-4));
        assertThat(distance(checkpoint, NumberFormat.BFLOAT16)).isCloseTo(0, within(0.1));
    }

    @Test
    void keepsTheSmallNumbersOfARowWithALargeOneInFloat16() {
        int width = 2048;
        float[] x = new float[width];
        float[] weight = new float[width];
        Arrays.fill(x, 1 / 64f);
        Arrays.fill(weight, 1);
        x[7] = 1e4f;
        try (ScriptModule trial = ScriptModule.compile("norm_trial", Map.of("norm", "norm_cuda"));
                Tensor input = Tensor.of(x, 1, width);
                Tensor stored = Tensor.of(weight, width);
                Tensor y = trial.call("product", input, stored, NumberFormat.FLOAT16.code())) {
            double expected = 1 / 64.0 / Math.sqrt((1e8 + (width - 1) / 4096.0) / width);

            assertThat((double) y.floats()[0]).isCloseTo(expected, withinPercentage(0.1));
        }
    }

    @Test
    void takesTheKernelOfTheDeviceThatALayerIsOn() {
        Map<String, String> both = Map.of("linear", "by_device", "on_cuda", "int4_cuda", "on_cpu", "dense");

        assertThat(logits(TinyCheckpoint.qwen(), NumberFormat.FLOAT32, both))
                .containsExactly(logits(TinyCheckpoint.qwen(), NumberFormat.FLOAT32, Map.of()));
    }

    @Test
    void choosesAKernelForEachKindOfDevice() {
        DevicePlan plan =
                new DevicePlan(Precision.INT8, "cpu", "cpu", "cpu", List.of("cuda:0", "cpu", "cpu"), "cpu", Map.of());
        Models.Format format = new Models.Format(NumberFormat.FLOAT32, plan, false, false);
        ModelConfig config = Checkpoint.open(TinyCheckpoint.qwen()).config();
        Set<NumberFormat> stored = Set.of(NumberFormat.BFLOAT16);

        Map<Boolean, LinearKernel> kernels = Models.layerKernels(config, format, stored);

        assertThat(kernels)
                .containsEntry(
                        false, LinearKernel.ofLayers(Precision.INT8, stored, NumberFormat.FLOAT32, Set.of("cpu")))
                .containsKey(true)
                .hasSize(2);
    }

    @Test
    void findsTheBestLogitsOfRows() {
        Models.Format format = new Models.Format(NumberFormat.FLOAT32, Precision.FLOAT32, "cpu");
        try (Models models = Models.load(Checkpoint.open(TinyCheckpoint.qwen()), format, bytes -> {})) {
            LanguageModel model = models.language();
            model.reserve(0, ROOM, 0);
            try (Tensor logits = model.step(List.of(chunk(0, 0, 5, 3)))) {
                float[] row = model.floats(logits, 1);
                float[] top = model.top(logits, 4, 2, 1);

                float[] sorted = row.clone();
                Arrays.sort(sorted);
                for (int i = 0; i < 4; i++) {
                    assertThat(top[8 + i]).isEqualTo(sorted[sorted.length - 1 - i]);
                    assertThat(row[(int) top[12 + i]]).isEqualTo(top[8 + i]);
                }
                assertThat((long) top[12]).isEqualTo(model.argmax(logits)[1]);
            }
        }
    }

    /** The largest difference of a logit, as a part of the largest logit. */
    static double distance(Path checkpoint, NumberFormat numbers) {
        float[] plain = logits(checkpoint, numbers, Map.of());
        float[] lean = logits(checkpoint, numbers, LEAN);
        assertThat(lean).hasSameSizeAs(plain);
        double most = 0;
        double largest = 0;
        for (int i = 0; i < plain.length; i++) {
            most = Math.max(most, Math.abs(plain[i] - lean[i]));
            largest = Math.max(largest, Math.abs(plain[i]));
        }
        return most / largest;
    }

    /** Logits of a prompt in two chunks, of next tokens of two slots together and apart. */
    private static float[] logits(Path folder, NumberFormat numbers, Map<String, String> files) {
        Checkpoint checkpoint = Checkpoint.open(folder);
        Models.Format format = new Models.Format(numbers, Precision.FLOAT32, "cpu");
        GraphRecipe plain = GraphRecipe.language(
                checkpoint.config(),
                format,
                Layout.of(checkpoint.config(), checkpoint.tensors().keySet()).language(),
                Map.of(false, LinearKernel.DENSE),
                LinearKernel.DENSE);
        Map<String, String> used = new TreeMap<>(plain.used());
        used.putAll(files);
        GraphRecipe recipe = new GraphRecipe(
                plain.graph(), used, plain.weights(), plain.numbers(), plain.sizes(), plain.devices(), plain.layer());
        return TorchRuntime.onOwnThread(() -> {
            try (LanguageModel model = new LanguageModel(
                    GraphBuilder.build(checkpoint, recipe, bytes -> {}),
                    checkpoint.config().language())) {
                model.allocate(SLOTS, ROOM);
                return Stream.of(
                                List.of(chunk(0, 0, 12, 3), chunk(1, 0, 5, 5)),
                                List.of(chunk(0, 12, 20, 20)),
                                List.of(chunk(0, 32, 1, 1), chunk(1, 5, 1, 1)),
                                List.of(chunk(0, 33, 1, 1), chunk(1, 6, 2, 1)),
                                List.of(chunk(0, 34, 1, 1)))
                        .map(chunks -> step(model, chunks))
                        .reduce(new float[0], LeanTextTest::joined);
            }
        });
    }

    private static TokenChunk chunk(int slot, int start, int count, int logits) {
        int[] ids = IntStream.range(start, start + count)
                .map(i -> 3 + (i * 37 + slot) % 200)
                .toArray();
        return new TokenChunk(slot, start, ids, start + count, TokenChunk.Visual.NONE, logits);
    }

    private static float[] step(LanguageModel model, List<TokenChunk> chunks) {
        try (Tensor logits = model.step(chunks)) {
            return model.floats(logits);
        }
    }

    private static float[] joined(float[] one, float[] other) {
        float[] both = new float[one.length + other.length];
        System.arraycopy(one, 0, both, 0, one.length);
        System.arraycopy(other, 0, both, one.length, other.length);
        return both;
    }
}
