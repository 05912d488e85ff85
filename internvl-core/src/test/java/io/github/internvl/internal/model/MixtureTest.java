package io.github.internvl.internal.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.internvl.Precision;
import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.checkpoint.SafeTensorsWriter;
import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.internal.torch.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mixtures of experts, on checkpoints of random weights. The goldens of Qwen3-MoE compare them with the reference. */
@Tag("any-jdk")
class MixtureTest {
    private static final int EXPERTS = 8;
    private static final int[] PROMPT = {3, 141, 59, 26, 5, 35, 89, 79, 32, 38, 46};

    @TempDir
    Path folder;

    /** A tensor of random numbers; the same ones for all experts that are to be alike. */
    private record Noise(String name, long[] shape, long seed) implements SafeTensorsWriter.Source {
        @Override
        public NumberFormat format() {
            return NumberFormat.FLOAT32;
        }

        @Override
        public void writeTo(FileChannel file) throws IOException {
            Random random = new Random(seed);
            ByteBuffer numbers = ByteBuffer.allocate((int) bytes()).order(ByteOrder.LITTLE_ENDIAN);
            while (numbers.hasRemaining()) {
                boolean norm = shape.length == 1 && name.endsWith(".weight");
                numbers.putFloat(norm ? 1 : (float) (0.2 * random.nextGaussian()));
            }
            file.write(numbers.flip());
        }
    }

    private Path written(String name, String language, boolean alike) throws IOException {
        Path made = Files.createDirectory(folder.resolve(name));
        JsonObject root = JsonParser.parseString(
                        Files.readString(TinyCheckpoint.qwen().resolve("config.json")))
                .getAsJsonObject();
        JsonObject llm = JsonParser.parseString("""
                        {"hidden_act": "silu", "hidden_size": 64, "intermediate_size": 32, "num_hidden_layers": 3,
                         "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 32, "vocab_size": 600,
                         "max_position_embeddings": 512, "rms_norm_eps": 1e-6, "rope_theta": 1e6}""").getAsJsonObject();
        JsonParser.parseString(language).getAsJsonObject().asMap().forEach(llm::add);
        root.add("llm_config", llm);
        root.addProperty("torch_dtype", "float32");
        Files.writeString(made.resolve("config.json"), root.toString());
        Layout layout = Layout.official(Checkpoint.config(made));
        List<Weight> weights = new ArrayList<>(layout.vision());
        weights.addAll(layout.language());
        List<Noise> tensors = weights.stream()
                .map(weight -> new Noise(
                        weight.stored(),
                        weight.shape(),
                        (alike ? weight.name().replaceFirst("experts\\.\\d+\\.", "") : weight.name()).hashCode()))
                .toList();
        SafeTensorsWriter.write(made, tensors);
        return made;
    }

    private static String mixture(int chosen, boolean normed, String more) {
        return """
                {"model_type": "qwen3_moe", "num_experts": %d, "num_experts_per_tok": %d, "moe_intermediate_size": 32,
                 "norm_topk_prob": %s%s}""".formatted(EXPERTS, chosen, normed, more);
    }

    /** Logits after each token of a prompt, which is computed in chunks of a size. */
    private static float[] logits(Path checkpoint, Precision precision, int chunk) {
        Models.Format format = new Models.Format(NumberFormat.FLOAT32, precision, "cpu");
        try (Models models = Models.load(Checkpoint.open(checkpoint), format, bytes -> {})) {
            LanguageModel model = models.language();
            model.reserve(0, PROMPT.length, 0);
            List<Float> all = new ArrayList<>();
            for (int at = 0; at < PROMPT.length; at += chunk) {
                int[] ids = Arrays.copyOfRange(PROMPT, at, Math.min(PROMPT.length, at + chunk));
                TokenChunk tokens = new TokenChunk(0, at, ids, PROMPT.length, TokenChunk.Visual.NONE, ids.length);
                try (Tensor found = model.step(List.of(tokens))) {
                    for (float logit : model.floats(found)) {
                        all.add(logit);
                    }
                }
            }
            float[] floats = new float[all.size()];
            for (int i = 0; i < floats.length; i++) {
                floats[i] = all.get(i);
            }
            return floats;
        }
    }

    private static double difference(float[] one, float[] other) {
        assertThat(one).hasSameSizeAs(other);
        double most = 0;
        for (int i = 0; i < one.length; i++) {
            most = Math.max(most, Math.abs(one[i] - other[i]));
        }
        return most;
    }

    @Test
    void answersAsOneMlpWhereAllExpertsAreAlike() throws IOException {
        float[] dense = logits(written("dense", "{\"model_type\": \"qwen3\"}", true), Precision.FLOAT32, 4);

        float[] normed = logits(written("normed", mixture(3, true, ""), true), Precision.FLOAT32, 4);
        float[] all = logits(written("all", mixture(EXPERTS, false, ""), true), Precision.FLOAT32, 4);
        float[] part = logits(written("part", mixture(3, false, ""), true), Precision.FLOAT32, 4);

        assertThat(difference(dense, normed)).isCloseTo(0, within(1e-4));
        assertThat(difference(dense, all)).isCloseTo(0, within(1e-4));
        assertThat(difference(dense, part)).as("shares that do not sum up to 1").isGreaterThan(0.01);
    }

    @Test
    void computesTheSameThroughTheTextForGpus() throws IOException {
        Path dense = written("dense", "{\"model_type\": \"qwen3\"}", true);
        Path mixture = written("mixture", mixture(3, true, ""), false);

        assertThat(LeanTextTest.distance(dense, NumberFormat.FLOAT32)).isCloseTo(0, within(1e-4));
        assertThat(LeanTextTest.distance(mixture, NumberFormat.FLOAT32)).isCloseTo(0, within(1e-4));
    }

    @Test
    void computesATokenAloneAsAmongOthers() throws IOException {
        Path checkpoint = written("mixture", mixture(3, true, ""), false);

        float[] together = logits(checkpoint, Precision.FLOAT32, PROMPT.length);

        assertThat(difference(together, logits(checkpoint, Precision.FLOAT32, 1)))
                .isCloseTo(0, within(1e-4));
        assertThat(difference(together, logits(checkpoint, Precision.FLOAT32, 4)))
                .isCloseTo(0, within(1e-4));
    }

    @Test
    void keepsExpertsInEightAndFourBits() throws IOException {
        Path checkpoint = written("quantized", mixture(EXPERTS, true, ""), false);
        float[] exact = logits(checkpoint, Precision.FLOAT32, 4);

        assertThat(difference(exact, logits(checkpoint, Precision.INT8, 4))).isBetween(1e-5, 1.0);
        assertThat(difference(exact, logits(checkpoint, Precision.INT4, 4))).isBetween(1e-5, 5.0);
    }

    @Test
    void leavesLayersWithoutExpertsToAPlainMlp() throws IOException {
        Path every = written("every", mixture(3, true, ", \"decoder_sparse_step\": 2"), false);
        Path named = written("named", mixture(3, true, ", \"mlp_only_layers\": [0, 2]"), false);

        assertThat(Checkpoint.open(every).tensors())
                .containsKeys(
                        "language_model.model.layers.0.mlp.gate_proj.weight",
                        "language_model.model.layers.1.mlp.experts.7.down_proj.weight")
                .doesNotContainKey("language_model.model.layers.2.mlp.gate.weight");
        assertThat(logits(every, Precision.FLOAT32, 4)).containsExactly(logits(named, Precision.FLOAT32, 4));
    }

    @Test
    void countsWhatATokenReads() throws IOException {
        Footprint footprint = new Footprint(Checkpoint.config(written("counted", mixture(2, true, ""), false)));

        long expert = 3 * 64 * 32;
        assertThat(footprint.numbers() - footprint.activeNumbers() - footprint.vision() - footprint.projector())
                .as("the experts that it does not choose, and the embedding")
                .isEqualTo(3 * (EXPERTS - 2) * expert + 600 * 64);
    }
}
