package io.github.internvl.internal.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.CheckpointException;
import io.github.internvl.fixtures.TinyCheckpoint;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WeightFilesTest {
    private static final String INDEX = "model.safetensors.index.json";

    @TempDir
    Path folder;

    @Test
    void takesTheWholeFileBesideAnIndexOfAnotherSave() throws IOException {
        TinyCheckpoint.copy(TinyCheckpoint.internlm2(), folder);
        Checkpoint before = Checkpoint.open(folder);
        Files.writeString(folder.resolve(INDEX), "{\"weight_map\": {\"a\": \"model-00001-of-00003.safetensors\"}}");

        assertThat(Checkpoint.open(folder).tensors().keySet())
                .isEqualTo(before.tensors().keySet());

        tensor("model-00001-of-00003.safetensors", "a", "F32", 4);
        assertThat(Checkpoint.open(folder).tensors()).doesNotContainKey("a");
    }

    @Test
    void takesTheIndexWhereThereIsNoWholeFile() throws IOException {
        TinyCheckpoint.copy(TinyCheckpoint.qwen(), folder);
        tensor("other.safetensors", "a", "F32", 4);

        assertThat(Checkpoint.open(folder).tensors()).doesNotContainKey("a");
    }

    @Test
    void ignoresAnAdapterBesideMergedWeights() throws IOException {
        TinyCheckpoint.copy(TinyCheckpoint.internlm2(), folder);
        tensor("adapter_model.safetensors", "base_model.model.a.lora_A.weight", "F32", 4);
        assertThat(Checkpoint.open(folder).tensors())
                .hasSameSizeAs(Checkpoint.open(TinyCheckpoint.internlm2()).tensors());

        Files.move(folder.resolve("model.safetensors"), folder.resolve("weights.safetensors"));
        assertThat(Checkpoint.open(folder).tensors()).doesNotContainKey("base_model.model.a.lora_A.weight");
    }

    @Test
    void asksToMergeAnAdapterThatIsAlone() throws IOException {
        TinyCheckpoint.copy(TinyCheckpoint.internlm2(), folder);
        Files.delete(folder.resolve("model.safetensors"));
        tensor("adapter_model.safetensors", "base_model.model.a.lora_A.weight", "F32", 4);

        assertThatThrownBy(() -> Checkpoint.open(folder))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("adapter_model.safetensors alone; merge the LoRA adapter");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "language_model.base_model.model.model.layers.0.self_attn.q_proj.base_layer.weight",
                "language_model.model.layers.0.self_attn.q_proj.lora_A.default.weight",
                "base_model.model.a.weight"
            })
    void asksToMergeLoraWeights(String name) throws IOException {
        TinyCheckpoint.copy(TinyCheckpoint.internlm2(), folder);
        Files.delete(folder.resolve("model.safetensors"));
        Path file = tensor("model.safetensors", name, "F32", 4);

        assertThatThrownBy(() -> Checkpoint.open(folder))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining(name + "; merge first");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.qweight", "a.g_idx", "a.SCB", "a.weight_scale", "a.weight_scale_inv", "a.weight_packed"})
    void refusesQuantizedWeightsThatTheConfigurationIsSilentAbout(String name) throws IOException {
        TinyCheckpoint.copy(TinyCheckpoint.internlm2(), folder);
        Files.delete(folder.resolve("model.safetensors"));
        Path file = tensor("model.safetensors", name, "F32", 4);

        assertThatThrownBy(() -> Checkpoint.open(folder))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining("no quantization_config");
    }

    @ParameterizedTest
    @ValueSource(strings = {"I8", "F8_E4M3"})
    void saysWhatToLoadInsteadOfWeightsInEightBits(String format) throws IOException {
        TinyCheckpoint.copy(TinyCheckpoint.internlm2(), folder);
        Files.delete(folder.resolve("model.safetensors"));
        tensor("model.safetensors", "a.weight", format, 1);

        assertThatThrownBy(() -> Checkpoint.open(folder))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("number format " + format)
                .hasMessageContaining("with INT8 or INT4");
    }

    @Test
    void readsAwqWhoseSectionStandsAtTheTop() throws IOException {
        TinyCheckpoint.copy(TinyCheckpoint.awq(), folder);
        Path config = folder.resolve("config.json");
        var root =
                com.google.gson.JsonParser.parseString(Files.readString(config)).getAsJsonObject();
        var section = Objects.requireNonNull(root.getAsJsonObject("llm_config").remove("quantization_config"));
        root.add("quantization_config", section);
        Files.writeString(config, root.toString());

        assertThat(Checkpoint.open(folder).config())
                .isEqualTo(Checkpoint.open(TinyCheckpoint.awq()).config());
    }

    /** A file with one tensor of one number, in zeros. */
    private Path tensor(String file, String name, String format, int bytes) throws IOException {
        byte[] json = "{\"%s\": {\"dtype\": \"%s\", \"shape\": [1], \"data_offsets\": [0, %d]}}"
                .formatted(name, format, bytes)
                .getBytes(StandardCharsets.UTF_8);
        ByteBuffer content = ByteBuffer.allocate(8 + json.length + bytes).order(ByteOrder.LITTLE_ENDIAN);
        content.putLong(json.length).put(json);
        return Files.write(folder.resolve(file), content.array());
    }
}
