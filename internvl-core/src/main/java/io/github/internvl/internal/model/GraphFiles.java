package io.github.internvl.internal.model;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.internvl.CheckpointException;
import io.github.internvl.DevicePlan;
import io.github.internvl.InternVLException;
import io.github.internvl.Precision;
import io.github.internvl.internal.checkpoint.Catalogue;
import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.torch.CudaDevices;
import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.internal.torch.TorchRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The graphs of a model as files, so that they can be looked at and measured without Java: the archives that libtorch loads,
 * and the facts that a program needs to run them. Their contents may change with every version.
 */
public final class GraphFiles {
    private static final Gson GSON = new GsonBuilder().setPrettyPrinting().create();

    private GraphFiles() {}

    /**
     * Writes {@code vision.pt} and {@code decoder.pt}, archives for {@code torch.jit.load}, and {@code graphs.json}: the
     * model's sizes, the tables of weights to bind, and the calls that make a model of them. No weights are needed or
     * written.
     *
     * @param model a folder with config.json, or the id of a published model
     * @param precision the precision to compute in; null: the best for the device
     * @param device {@code cpu}, for this machine's kernels, or {@code cuda:N}, which need not be there
     * @param folder where the files go; it is created
     * @throws CheckpointException if config.json is missing, damaged, or says something unknown
     * @throws InternVLException if the precision does not suit the checkpoint, or a file cannot be written
     * @throws IllegalArgumentException if there is no such device
     */
    public static void write(String model, @Nullable Precision precision, String device, Path folder) {
        CudaDevices.checkName(device);
        ModelConfig config = config(model);
        boolean packed = config.language().packedGroup() > 0;
        Precision stored = packed
                ? Precision.INT4
                : Precision.valueOf(config.storedFormat().name());
        Precision chosen = precision == null ? Models.usual(stored, device) : precision;
        if (packed && (chosen == Precision.INT8 || chosen == Precision.FP8)) {
            throw new InternVLException(model + ": 4-bit weights cannot be computed as " + chosen + "; use INT4");
        }
        try {
            write(config, Models.Format.of(DevicePlan.single(chosen, device), false, false), folder);
        } catch (IOException e) {
            throw new InternVLException(folder + ": graphs cannot be written: " + e, e);
        }
    }

    private static ModelConfig config(String model) {
        Path folder = Path.of(model);
        return Files.isDirectory(folder)
                ? Checkpoint.config(folder)
                : Catalogue.find(model).map(Catalogue.Entry::config).orElseGet(() -> Checkpoint.config(folder));
    }

    /** Writes the graphs of a model that lies on one device. */
    static void write(ModelConfig config, Models.Format format, Path folder) throws IOException {
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
                        Models.vision(config, format, Layout.official(config).vision(), Set.of(config.storedFormat())),
                        folder));
        json.add("decoder", written(language(config, format), folder));
        Files.writeString(folder.resolve("graphs.json"), GSON.toJson(json) + "\n");
    }

    private static GraphRecipe language(ModelConfig config, Models.Format format) {
        boolean packed = config.language().packedGroup() > 0;
        Set<NumberFormat> stored =
                packed ? Set.of(NumberFormat.INT32, config.storedFormat()) : Set.of(config.storedFormat());
        Map<Boolean, LinearKernel> layers = Models.layerKernels(config, format, stored);
        LinearKernel head = Models.headKernel(format, stored);
        boolean elsewhere = format.places().head().startsWith("cuda") && TorchRuntime.gpuCount() == 0;
        List<Weight> weights = Layout.official(config).language();
        if (elsewhere) {
            layers.replaceAll((cuda, kernel) -> onGpu(kernel, format));
            head = onGpu(head, format);
        }
        return GraphRecipe.language(config, format, weights, layers, head);
    }

    /** The properties of a GPU that this machine lacks. */
    private static LinearKernel onGpu(LinearKernel everywhere, Models.Format format) {
        return switch (everywhere) {
            case INT8 -> LinearKernel.INT8_CUDA;
            case FP8 -> LinearKernel.FP8_CUDA;
            case INT4 -> isExact(format) ? LinearKernel.INT4 : LinearKernel.INT4_CUDA;
            default -> everywhere;
        };
    }

    /** Whether weights that are stored in 4 bits are computed in full, which the kernel for CUDA does not. */
    private static boolean isExact(Models.Format format) {
        return format.precision() != Precision.INT4 && format.numbers() != NumberFormat.BFLOAT16;
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
