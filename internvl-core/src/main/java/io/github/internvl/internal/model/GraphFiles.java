package io.github.internvl.internal.model;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.internal.torch.TorchRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** The graphs of a model as files: what is packed for libtorch, and what a program has to know to run it. */
public final class GraphFiles {
    private static final Gson GSON = new GsonBuilder().setPrettyPrinting().create();

    private GraphFiles() {}

    /**
     * Writes {@code vision.pt}, {@code decoder.pt} and {@code graphs.json} into a folder, which comes into being.
     *
     * @param format all on one device; a GPU need not be there
     */
    public static void write(ModelConfig config, Models.Format format, Path folder) throws IOException {
        Files.createDirectories(folder);
        JsonObject json = new JsonObject();
        json.addProperty("numbers", format.numbers().safetensorsName());
        json.addProperty("device", format.places().head());
        json.addProperty("tileSize", config.tileSize());
        json.addProperty("tokensPerTile", config.tokensPerTile());
        json.addProperty("unshuffle", config.unshuffle());
        json.addProperty("unshuffleByColumns", config.unshuffleByColumns());
        json.add("visionConfig", GSON.toJsonTree(config.vision()));
        json.add("languageConfig", GSON.toJsonTree(config.language()));
        json.add(
                "vision",
                written(
                        Models.vision(config, format, OfficialLayout.vision(config), Set.of(config.storedFormat())),
                        folder));
        json.add("decoder", written(language(config, format), folder));
        Files.writeString(folder.resolve("graphs.json"), GSON.toJson(json) + "\n");
    }

    private static GraphRecipe language(ModelConfig config, Models.Format format) {
        boolean packed = config.language().packedGroup() > 0;
        Set<NumberFormat> stored =
                packed ? Set.of(NumberFormat.INT32, config.storedFormat()) : Set.of(config.storedFormat());
        Set<String> devices = Set.of(format.places().head());
        LinearKernel layers = LinearKernel.ofLayers(format.linears(), stored, format.numbers(), devices);
        LinearKernel head = LinearKernel.ofHead(format.linears(), stored, format.numbers(), devices);
        boolean elsewhere = format.places().head().startsWith("cuda") && TorchRuntime.gpuCount() == 0;
        List<Weight> weights = OfficialLayout.language(config);
        return elsewhere
                ? GraphRecipe.language(config, format, weights, onGpu(layers, format), onGpu(head, format))
                : GraphRecipe.language(config, format, weights, layers, head);
    }

    /** The properties of a GPU that this machine lacks. */
    private static LinearKernel onGpu(LinearKernel everywhere, Models.Format format) {
        return switch (everywhere) {
            case INT8 -> LinearKernel.INT8_CUDA;
            case INT4 -> format.numbers() == NumberFormat.BFLOAT16 ? LinearKernel.INT4_CUDA : LinearKernel.INT4;
            default -> everywhere;
        };
    }

    private static JsonObject written(GraphRecipe recipe, Path folder) throws IOException {
        String file = recipe.graph() + ".pt";
        Files.write(folder.resolve(file), recipe.archive());
        JsonObject tables = new JsonObject();
        JsonArray calls = new JsonArray();
        for (GraphRecipe.Call call : recipe.calls()) {
            call.tables().forEach(table -> tables.add(table, weights(recipe.table(table))));
            JsonObject one = new JsonObject();
            one.addProperty("method", call.method());
            one.add("tables", GSON.toJsonTree(call.tables()));
            one.add("arguments", GSON.toJsonTree(call.arguments()));
            calls.add(one);
        }
        JsonObject json = new JsonObject();
        json.addProperty("archive", file);
        json.add("used", GSON.toJsonTree(recipe.used()));
        json.add("tables", tables);
        json.add("calls", calls);
        return json;
    }

    private static JsonArray weights(List<Weight> table) {
        JsonArray weights = new JsonArray();
        for (Weight weight : table) {
            JsonObject one = new JsonObject();
            one.addProperty("name", weight.name());
            one.addProperty("stored", weight.stored());
            one.add("shape", GSON.toJsonTree(weight.shape()));
            if (weight.packed()) {
                one.addProperty("packed", true);
            }
            weights.add(one);
        }
        return weights;
    }
}
