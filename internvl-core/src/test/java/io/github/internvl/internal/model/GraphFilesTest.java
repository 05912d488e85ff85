package io.github.internvl.internal.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.github.internvl.Precision;
import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.internal.torch.ScriptModule;
import io.github.internvl.internal.torch.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The graphs, run as graphs.json says, are the model that Java loads. */
class GraphFilesTest {
    private static final int[] PROMPT = {3, 14, 15, 92, 65, 35, 89, 79};

    @TempDir
    private Path folder;

    static Stream<Path> checkpoints() {
        return Stream.of(TinyCheckpoint.qwen(), TinyCheckpoint.internlm2(), TinyCheckpoint.awq());
    }

    @ParameterizedTest
    @MethodSource("checkpoints")
    void sayHowTheLanguageModelIsMade(Path model) throws IOException {
        Checkpoint checkpoint = Checkpoint.open(model);
        Models.Format format = new Models.Format(NumberFormat.FLOAT32, Precision.FLOAT32, "cpu");
        GraphFiles.write(checkpoint.config(), format, folder);
        try (Models models = Models.load(checkpoint, format, bytes -> {});
                ScriptModule graph = made(checkpoint, "decoder");
                LanguageModel again =
                        new LanguageModel(graph, checkpoint.config().language())) {
            assertThat(logits(again)).containsExactly(logits(models.language()));
        }
    }

    @ParameterizedTest
    @MethodSource("checkpoints")
    void sayHowTheVisionEncoderIsMade(Path model) throws IOException {
        Checkpoint checkpoint = Checkpoint.open(model);
        Models.Format format = new Models.Format(NumberFormat.FLOAT32, Precision.FLOAT32, "cpu");
        GraphFiles.write(checkpoint.config(), format, folder);
        int side = checkpoint.config().tileSize();
        try (Models models = Models.load(checkpoint, format, bytes -> {});
                ScriptModule graph = made(checkpoint, "vision");
                Tensor tile = Tensor.of(ByteBuffer.allocateDirect(side * side * 3), 1, side, side, 3);
                Tensor own = hidden(models.vision().graph(), tile);
                Tensor again = hidden(graph, tile)) {
            assertThat(again.floats()).containsExactly(own.floats());
        }
    }

    private static Tensor hidden(ScriptModule vision, Tensor tile) {
        try (Tensor pixels = vision.call("normalise", tile)) {
            return vision.call("encode", pixels, 1);
        }
    }

    /** Does as graphs.json says. */
    private ScriptModule made(Checkpoint checkpoint, String name) throws IOException {
        JsonObject json = JsonParser.parseString(Files.readString(folder.resolve("graphs.json")))
                .getAsJsonObject()
                .getAsJsonObject(name);
        Path archive = folder.resolve(json.get("archive").getAsString());
        ScriptModule graph = ScriptModule.load(name, Files.readAllBytes(archive));
        for (JsonElement element : json.getAsJsonArray("calls")) {
            JsonObject call = element.getAsJsonObject();
            List<Object> arguments = new ArrayList<>();
            try (ScriptModule tables = ScriptModule.compile("table", Map.of())) {
                for (JsonElement table : call.getAsJsonArray("tables")) {
                    JsonArray weights = json.getAsJsonObject("tables").getAsJsonArray(table.getAsString());
                    arguments.add(WeightLoader.bind(tables, checkpoint, weights(weights)));
                }
            }
            call.getAsJsonArray("arguments").forEach(argument -> arguments.add(argument(argument)));
            try (ScriptModule.Handle made = graph.make(call.get("method").getAsString(), arguments.toArray())) {
                if (call.get("method").getAsString().equals("make_layer")) {
                    graph.run("append", made);
                }
            }
            arguments.stream()
                    .filter(ScriptModule.Handle.class::isInstance)
                    .map(ScriptModule.Handle.class::cast)
                    .forEach(ScriptModule.Handle::close);
        }
        return graph;
    }

    private static List<Weight> weights(JsonArray table) {
        return table.asList().stream()
                .map(JsonElement::getAsJsonObject)
                .map(one -> new Weight(
                        one.get("name").getAsString(), one.get("stored").getAsString(), false, null))
                .toList();
    }

    private static Object argument(JsonElement element) {
        if (element.isJsonArray()) {
            return element.getAsJsonArray().asList().stream()
                    .mapToDouble(JsonElement::getAsDouble)
                    .toArray();
        }
        JsonPrimitive value = element.getAsJsonPrimitive();
        if (value.isString()) {
            return value.getAsString();
        } else if (value.isBoolean()) {
            return value.getAsBoolean();
        }
        return value.getAsString().matches("-?\\d+") ? (Object) value.getAsLong() : (Object) value.getAsDouble();
    }

    private static float[] logits(LanguageModel model) {
        model.reserve(0, PROMPT.length, 0);
        TokenChunk chunk = new TokenChunk(0, 0, PROMPT, PROMPT.length, TokenChunk.Visual.NONE, 1);
        try (Tensor logits = model.step(List.of(chunk))) {
            return model.floats(logits);
        }
    }
}
