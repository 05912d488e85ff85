package io.github.internvl.internal.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.CheckpointException;
import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.internal.torch.NumberFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckpointTest {
    @TempDir
    Path folder;

    @Test
    void findsEveryTensorOfAllShards() throws IOException {
        Checkpoint checkpoint = Checkpoint.open(TinyCheckpoint.qwen());

        assertThat(checkpoint.tensors().values().stream()
                        .map(StoredTensor::file)
                        .distinct())
                .hasSizeGreaterThan(1);
        StoredTensor positions =
                Objects.requireNonNull(checkpoint.tensors().get("vision_model.embeddings.position_embedding"));
        assertThat(positions.format()).isEqualTo(NumberFormat.BFLOAT16);
        assertThat(positions.shape())
                .containsExactly(
                        1,
                        1 + checkpoint.config().vision().patches(),
                        checkpoint.config().vision().width());
        long onDisk = 0;
        for (Path shard : shards(TinyCheckpoint.qwen())) {
            onDisk += Files.size(shard);
        }
        assertThat(checkpoint.bytes()).isBetween(onDisk / 2, onDisk);
    }

    @Test
    void namesTheFolderThatIsNotThere() {
        assertThatThrownBy(() -> Checkpoint.open(folder.resolve("nowhere")))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("nowhere")
                .hasMessageContaining("config.json");
    }

    @Test
    void saysWhatAFolderLacksOrHoldsInstead() throws IOException {
        assertThatThrownBy(() -> Checkpoint.open(folder))
                .hasMessage(folder
                        + ": holds no config.json; give the folder of an InternVL checkpoint, with config.json, "
                        + "*.safetensors and the tokenizer files");

        Files.copy(TinyCheckpoint.qwen().resolve("config.json"), folder.resolve("config.json"));
        assertThatThrownBy(() -> Checkpoint.open(folder)).hasMessageContaining("holds no *.safetensors file");

        Files.writeString(
                folder.resolve("model.safetensors"),
                "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n");
        assertThatThrownBy(() -> Checkpoint.open(folder)).hasMessageContaining("git lfs pull");
    }

    @Test
    void namesTheShardThatIsMissing() throws IOException {
        TinyCheckpoint.copy(TinyCheckpoint.qwen(), folder);
        Path gone = shards(folder).get(1);
        Files.delete(gone);

        assertThatThrownBy(() -> Checkpoint.open(folder))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(gone.getFileName().toString())
                .hasMessageContaining("index.json");
    }

    @ParameterizedTest
    @CsvSource({"0, header", "5, header", "100, cut short", "20000, does not fit"})
    void refusesAFileThatIsCutShort(int bytes, String reason) throws IOException {
        TinyCheckpoint.copy(TinyCheckpoint.qwen(), folder);
        Path shard = shards(folder).get(0);
        Files.write(shard, Arrays.copyOf(Files.readAllBytes(shard), bytes));

        assertThatThrownBy(() -> Checkpoint.open(folder))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(shard.toString())
                .hasMessageContaining(reason);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[1],\"data_offsets\":[0,1]}} | F8_E4M3",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}     | does not fit",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]}}    | does not fit",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[9],\"data_offsets\":[0,36]}}    | does not fit",
                "{\"a\":{\"dtype\":\"F32\"}}                                          | not the JSON",
                "[1]                                                                  | not the JSON",
                "{\"a\":                                                              | not the JSON",
            })
    void refusesAHeaderThatLies(String header, String reason) throws IOException {
        Files.copy(TinyCheckpoint.qwen().resolve("config.json"), folder.resolve("config.json"));
        byte[] json = header.strip().getBytes(StandardCharsets.UTF_8);
        ByteBuffer file = ByteBuffer.allocate(8 + json.length + 16).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(json.length).put(json);
        Files.write(folder.resolve("model.safetensors"), file.array());

        assertThatThrownBy(() -> Checkpoint.open(folder))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("model.safetensors")
                .hasMessageContaining(reason);
    }

    @Test
    void refusesATensorThatIsInTwoFiles() throws IOException {
        TinyCheckpoint.copy(TinyCheckpoint.qwen(), folder);
        Path shard = shards(folder).get(0);
        Files.copy(shard, folder.resolve("more.safetensors"));
        Files.delete(folder.resolve("model.safetensors.index.json"));

        assertThatThrownBy(() -> Checkpoint.open(folder))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("in two files")
                .hasMessageContaining("more.safetensors");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"model_type\": \"qwen2\"        | \"model_type\": \"mamba\"      | llm_config.model_type: unknown value 'mamba' (supported: qwen2, qwen3, qwen3_moe, internlm2, llama, phi3)",
                "\"norm_type\": \"layer_norm\"    | \"norm_type\": \"batch_norm\"  | vision_config.norm_type: unknown value 'batch_norm'",
                "\"select_layer\": -1             | \"select_layer\": 77           | select_layer: unknown value '77'",
                "\"downsample_ratio\": 0.5        | \"downsample_ratio\": 0.3      | downsample_ratio",
                "\"model_type\": \"internvl_chat\" | \"model_type\": \"llava\"     | model_type: unknown value 'llava'",
                "\"num_hidden_layers\":           | \"hidden_layers\":             | num_hidden_layers: missing",
                "\"template\":                    | \"force_image_size\": \"big\", \"template\": | force_image_size: has the wrong type",
            })
    void saysWhichSettingItDoesNotKnow(String from, String to, String message) throws IOException {
        TinyCheckpoint.copy(TinyCheckpoint.qwen(), folder);
        TinyCheckpoint.edit(folder.resolve("config.json"), replace(from.strip(), to.strip()));

        assertThatThrownBy(() -> Checkpoint.open(folder))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("config.json")
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'bits': 4, 'quant_method': 'gptq', 'group_size': 128} | quant_method: 'gptq'",
                "{'quant_method': 'fp8', 'activation_scheme': 'dynamic'} | quant_method: 'fp8'",
                "{'bits': 4} | quant_method: 'none'",
                "{'bits': 4, 'quant_method': 'awq', 'version': 'gemv', 'group_size': 128} | version: 'gemv'",
                "{'bits': 8, 'quant_method': 'awq', 'version': 'gemm', 'group_size': 128} | bits: '8'",
                "{'bits': 4, 'quant_method': 'awq', 'version': 'gemm', 'zero_point': false, 'group_size': 128} | zero_point: 'false'",
                "{'bits': 4, 'quant_method': 'awq', 'version': 'gemm', 'zero_point': true, 'group_size': 7} | group_size: unknown value '7'",
            })
    void refusesQuantizedWeightsByName(String quantization, String message) throws IOException {
        TinyCheckpoint.copy(TinyCheckpoint.qwen(), folder);
        TinyCheckpoint.edit(
                folder.resolve("config.json"),
                replace(
                        "\"model_type\": \"qwen2\"",
                        "\"model_type\": \"qwen2\", \"quantization_config\": " + quantization.replace('\'', '"')));

        assertThatThrownBy(() -> Checkpoint.open(folder))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("llm_config.quantization_config." + message);
    }

    @Test
    void namesTheSettingsThatDecideNumbers() {
        assertThat(Checkpoint.config(TinyCheckpoint.internlm2()).summary())
                .isEqualTo(
                        "rope theta 1000000.0 (dynamic, factor 3.0 beyond 192 tokens), heads 4 of 18 and 2 for keys, "
                                + "RMSNorm eps 1.0E-5, ViT RMSNorm eps 1.0E-6, tiles 1..12 of 20 px and a thumbnail");
        assertThat(Checkpoint.config(TinyCheckpoint.qwen()).summary()).contains("(no scaling)", "ViT LayerNorm");
    }

    private static UnaryOperator<String> replace(String from, String to) {
        return text -> text.replace(from, to);
    }

    private static List<Path> shards(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(f -> f.toString().endsWith(".safetensors"))
                    .sorted()
                    .toList();
        }
    }
}
