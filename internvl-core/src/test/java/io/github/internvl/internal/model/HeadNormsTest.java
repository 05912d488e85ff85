package io.github.internvl.internal.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.checkpoint.SafeTensorsWriter;
import io.github.internvl.internal.checkpoint.StoredTensor;
import io.github.internvl.internal.model.LayoutConversion.Target;
import io.github.internvl.internal.torch.NumberFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A Qwen3 beside a 6B ViT, as InternVL3.5-38B is: both have norms of queries and keys, under the same names in their graphs. */
class HeadNormsTest {
    private static final String VIT = "vision_model.encoder.layers.1.attn.";
    private static final String LLM = "language_model.model.layers.1.self_attn.";

    @TempDir
    Path folder;

    /** A tensor whose numbers follow from its name. */
    private record Noise(String name, long[] shape) implements SafeTensorsWriter.Source {
        @Override
        public NumberFormat format() {
            return NumberFormat.BFLOAT16;
        }

        @Override
        public void writeTo(FileChannel file) throws IOException {
            byte[] numbers = new byte[(int) bytes()];
            new Random(name.hashCode()).nextBytes(numbers);
            file.write(ByteBuffer.wrap(numbers));
        }
    }

    /** Heads as wide as the ViT, so that a norm in the other's place fits. */
    private Path written() throws IOException {
        Path made = Files.createDirectory(folder.resolve("official"));
        try (Stream<Path> files = Files.list(TinyCheckpoint.qwen())) {
            for (Path file : files.filter(path -> !path.toString().contains(".safetensors"))
                    .toList()) {
                Files.copy(file, made.resolve(file.getFileName()));
            }
        }
        JsonObject root = JsonParser.parseString(
                        Files.readString(TinyCheckpoint.internlm2().resolve("config.json")))
                .getAsJsonObject();
        int width = root.getAsJsonObject("vision_config").get("hidden_size").getAsInt();
        root.add("llm_config", JsonParser.parseString("""
                        {"model_type": "qwen3", "hidden_act": "silu", "hidden_size": 24, "intermediate_size": 40,
                         "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": %d,
                         "attention_bias": false, "vocab_size": 440, "max_position_embeddings": 512,
                         "rms_norm_eps": 1e-6, "rope_theta": 1e6, "tie_word_embeddings": false}""".formatted(width)));
        Files.writeString(made.resolve("config.json"), root.toString());
        Layout layout = Layout.official(Checkpoint.config(made));
        SafeTensorsWriter.write(
                made,
                Stream.of(layout.vision(), layout.language())
                        .flatMap(List::stream)
                        .map(weight -> new Noise(weight.stored(), weight.shape()))
                        .toList());
        return made;
    }

    private static Map<String, ByteBuffer> contents(Path checkpoint) throws IOException {
        Map<String, ByteBuffer> contents = new TreeMap<>();
        for (StoredTensor tensor : Checkpoint.open(checkpoint).tensors().values()) {
            byte[] file = Files.readAllBytes(tensor.file());
            contents.put(
                    tensor.name(),
                    ByteBuffer.wrap(file, (int) tensor.offset(), (int) tensor.bytes())
                            .slice());
        }
        return contents;
    }

    @Test
    void areConvertedEachToItsOwnPlaceAndBackBitForBit() throws IOException {
        Path official = written();
        Path hf = folder.resolve("hf");
        Path back = folder.resolve("back");

        LayoutConversion.run(official, hf, Target.HF);
        LayoutConversion.run(hf, back, Target.OFFICIAL);

        Map<String, ByteBuffer> before = contents(official);
        Map<String, ByteBuffer> there = contents(hf);
        for (String norm : List.of("q_norm.weight", "k_norm.weight")) {
            assertThat(there.get("vision_tower.encoder.layer.1.attention." + norm))
                    .isEqualTo(before.get(VIT + norm));
            assertThat(there.get(LLM + norm)).isEqualTo(before.get(LLM + norm)).isNotEqualTo(before.get(VIT + norm));
        }
        assertThat(contents(back)).isEqualTo(before);
    }
}
