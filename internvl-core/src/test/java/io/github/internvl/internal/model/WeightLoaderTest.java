package io.github.internvl.internal.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.CheckpointException;
import io.github.internvl.InternVLException;
import io.github.internvl.Precision;
import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.checkpoint.StoredTensor;
import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.internal.torch.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("any-jdk")
class WeightLoaderTest {
    private static final int[] PROMPT = {3, 14, 15, 92, 65, 35, 89, 79};

    @TempDir
    Path folder;

    @Test
    void reportsMissingAndUnfittingAndLeftOverTensorsTogether() throws IOException {
        TinyCheckpoint.copy(TinyCheckpoint.qwen(), folder);
        Checkpoint honest = Checkpoint.open(folder);
        int layers = honest.config().vision().storedLayers();
        int mlp = honest.config().vision().mlpWidth();
        TinyCheckpoint.edit(
                folder.resolve("config.json"),
                text -> text.replace(
                                "\"num_hidden_layers\": " + layers + ",",
                                "\"num_hidden_layers\": " + (layers + 1) + ",")
                        .replace("\"intermediate_size\": " + mlp + ",", "\"intermediate_size\": " + (mlp + 4) + ",")
                        .replace("\"qkv_bias\": true", "\"qkv_bias\": false"));

        assertThatThrownBy(() -> load(folder, NumberFormat.FLOAT32))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(folder.toString())
                .hasMessageContaining("missing")
                .hasMessageContaining("layers." + layers + ".")
                .hasMessageContaining("not fitting")
                .hasMessageContaining("expected [" + (mlp + 4))
                .hasMessageContaining("left over")
                .hasMessageContaining("attn.qkv.bias");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void unmapsTheFileOfEachPartWhoseLargeWeightsItHasRounded() throws IOException {
        TinyCheckpoint.copy(TinyCheckpoint.qwen(), folder);
        try (Models models = load(folder, NumberFormat.BFLOAT16, Precision.INT8);
                Stream<String> mappings = Files.lines(Path.of("/proc/self/maps"))) {
            assertThat(models.language()).isNotNull();
            assertThat(mappings.filter(line -> line.contains(folder.toString())))
                    .as("the embedding alone stays: norms and biases are copied")
                    .hasSize(1);
        }
    }

    @Test
    void bindsTensorsAtOddPlacesFromAlignedCopies() throws IOException {
        float[] expected = logits(TinyCheckpoint.qwen(), NumberFormat.FLOAT32);
        TinyCheckpoint.copy(TinyCheckpoint.qwen(), folder);
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file :
                    files.filter(f -> f.toString().endsWith(".safetensors")).toList()) {
                lengthenHeaderByOne(file);
            }
        }
        assertThat(Checkpoint.open(folder).tensors().values()).noneMatch(StoredTensor::isAligned);

        assertThat(logits(folder, NumberFormat.FLOAT32)).containsExactly(expected);
    }

    @Test
    void computesInEachFormat() {
        float[] exact = logits(TinyCheckpoint.internlm2(), NumberFormat.FLOAT32);

        assertThat(distance(exact, logits(TinyCheckpoint.internlm2(), NumberFormat.BFLOAT16)))
                .isBetween(1e-6f, 0.7f);
        assertThat(distance(exact, logits(TinyCheckpoint.internlm2(), NumberFormat.FLOAT16)))
                .isBetween(1e-7f, 0.1f);
    }

    @Test
    void roundsWeightsToEightBits() {
        for (Path folder : List.of(TinyCheckpoint.qwen(), TinyCheckpoint.internlm2())) {
            float[] exact = logits(folder, NumberFormat.FLOAT32);

            assertThat(distance(exact, logits(folder, NumberFormat.FLOAT32, Precision.INT8)))
                    .isBetween(1e-5f, 1.5f);
            assertThat(distance(exact, logits(folder, NumberFormat.FLOAT32, Precision.FP8)))
                    .isBetween(1e-5f, 3f);
        }
    }

    @Test
    void keepsFourBitsOfTheCheckpointWithRoundedInputs() {
        float[] exact = logits(TinyCheckpoint.awq(), NumberFormat.FLOAT32);

        assertThat(distance(exact, logits(TinyCheckpoint.awq(), NumberFormat.FLOAT32, Precision.INT4)))
                .isBetween(1e-5f, 0.7f);
    }

    @Test
    void refusesFewBitsThatDoNotSuitTheCheckpoint() {
        assertThatThrownBy(() -> load(TinyCheckpoint.qwen(), NumberFormat.FLOAT32, Precision.INT4))
                .isInstanceOf(InternVLException.class)
                .hasMessageContaining("multiples of 32 for INT4: [60, 60, 88]; use INT8");
        assertThatThrownBy(() -> load(TinyCheckpoint.awq(), NumberFormat.FLOAT32, Precision.INT8))
                .isInstanceOf(InternVLException.class)
                .hasMessageContaining("cannot be loaded as INT8");
        assertThatThrownBy(() -> load(TinyCheckpoint.awq(), NumberFormat.FLOAT32, Precision.FP8))
                .isInstanceOf(InternVLException.class)
                .hasMessageContaining("cannot be loaded as FP8");
    }

    @ParameterizedTest
    @EnumSource(
            value = LinearKernel.class,
            names = {"DENSE", "HALF", "PACKED", "INT8", "INT8_FBGEMM", "INT8_ONEDNN", "FP8", "INT4", "INT4_CPU"})
    void everyKernelThatIsChosenAddsUpTheLargestProducts(LinearKernel kernel) {
        boolean works = kernel.works(NumberFormat.FLOAT32, "cpu");

        assertThat(works
                        || kernel == LinearKernel.HALF
                        || kernel == LinearKernel.PACKED
                        || kernel == LinearKernel.INT8_FBGEMM
                        || kernel == LinearKernel.INT8_ONEDNN
                        || kernel == LinearKernel.INT4_CPU)
                .as("%s must work on every machine", kernel)
                .isTrue();
        assertThat(LinearKernel.ofLayers(
                                Precision.INT8, Set.of(NumberFormat.BFLOAT16), NumberFormat.FLOAT32, Set.of("cpu"))
                        == kernel)
                .as("%s is taken for INT8", kernel)
                .satisfies(taken -> assertThat(works || !taken).isTrue());
    }

    @Test
    void reportsAllBytesAsProgress() {
        Checkpoint checkpoint = Checkpoint.open(TinyCheckpoint.qwen());
        long[] bytes = {0};

        Models.Format format = new Models.Format(NumberFormat.BFLOAT16, Precision.BFLOAT16, "cpu");
        Models.load(checkpoint, format, some -> bytes[0] += some).close();

        assertThat(bytes[0]).isEqualTo(checkpoint.bytes());
    }

    @Test
    void computesRowsOfDifferentLengthsInOneStepAsAlone() {
        try (Models models = load(TinyCheckpoint.qwen(), NumberFormat.FLOAT32)) {
            LanguageModel model = models.language();
            int[] other = {7, 8, 9};
            model.reserve(0, 16, 0);
            model.reserve(1, 16, 0);
            float[] alone = step(model, chunk(0, 0, PROMPT));
            float[] otherAlone = step(model, chunk(0, 0, other));

            step(model, chunk(0, 0, Arrays.copyOf(PROMPT, PROMPT.length - 1)));
            int last = PROMPT.length - 1;
            float[] both = step(model, chunk(0, last, PROMPT[last]), chunk(1, 0, other));

            assertThat(distance(alone, Arrays.copyOf(both, alone.length))).isLessThan(1e-4f);
            assertThat(distance(otherAlone, Arrays.copyOfRange(both, alone.length, both.length)))
                    .isLessThan(1e-4f);
        }
    }

    private static Models load(Path folder, NumberFormat numbers) {
        return load(folder, numbers, Precision.FLOAT32);
    }

    private static Models load(Path folder, NumberFormat numbers, Precision linears) {
        return Models.load(Checkpoint.open(folder), new Models.Format(numbers, linears, "cpu"), bytes -> {});
    }

    private static float[] logits(Path folder, NumberFormat numbers) {
        return logits(folder, numbers, Precision.FLOAT32);
    }

    private static float[] logits(Path folder, NumberFormat numbers, Precision linears) {
        try (Models models = load(folder, numbers, linears)) {
            models.language().reserve(0, PROMPT.length, 0);
            return step(models.language(), chunk(0, 0, PROMPT));
        }
    }

    private static TokenChunk chunk(int slot, int start, int... ids) {
        return new TokenChunk(slot, start, ids, start + ids.length, TokenChunk.Visual.NONE, 1);
    }

    private static float[] step(LanguageModel model, TokenChunk... chunks) {
        try (Tensor logits = model.step(List.of(chunks))) {
            return model.floats(logits);
        }
    }

    private static float distance(float[] a, float[] b) {
        assertThat(a).hasSameSizeAs(b);
        float most = 0;
        for (int i = 0; i < a.length; i++) {
            most = Math.max(most, Math.abs(a[i] - b[i]));
        }
        return most;
    }

    private static void lengthenHeaderByOne(Path file) throws IOException {
        ByteBuffer old = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        int header = (int) old.getLong();
        ByteBuffer changed = ByteBuffer.allocate(old.capacity() + 1).order(ByteOrder.LITTLE_ENDIAN);
        changed.putLong(header + 1).put(old.array(), 8, header).put((byte) ' ');
        changed.put(old.array(), 8 + header, old.capacity() - 8 - header);
        Files.write(file, changed.array());
    }
}
