package io.github.internvl.internal.checkpoint;

import com.google.gson.JsonObject;
import io.github.internvl.CheckpointException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * A checkpoint folder as published: {@code config.json} and one or several safetensors files.
 *
 * @param folder the folder
 * @param config what config.json says of the model
 * @param tensors where each tensor lies, by its name in the checkpoint
 * @param copied whether weights are read into memory of their own, instead of mapped
 */
public record Checkpoint(Path folder, ModelConfig config, Map<String, StoredTensor> tensors, boolean copied) {
    private static final String WANTED =
            "give the folder of an InternVL checkpoint, " + "with config.json, *.safetensors and the tokenizer files";
    private static final List<String> ADAPTED = List.of(".lora_", ".base_layer.", "base_model.model.");
    private static final List<String> QUANTIZED = List.of(
            ".qweight",
            ".g_idx",
            ".SCB",
            ".weight_format",
            ".absmax",
            ".quant_map",
            ".weight_packed",
            ".weight_scale",
            ".weight_scale_inv");

    /** Reads the configuration and the tables of contents; throws {@link CheckpointException} for what does not fit. */
    public static Checkpoint open(Path folder) {
        ModelConfig config = config(folder);
        Map<String, StoredTensor> tensors = new LinkedHashMap<>();
        for (Path file : WeightFiles.of(folder)) {
            for (StoredTensor tensor : SafeTensors.read(file)) {
                StoredTensor other = tensors.put(tensor.name(), tensor);
                if (other != null) {
                    throw new CheckpointException(
                            "tensor " + tensor.name() + " is in two files: " + other.file() + " and " + file);
                }
            }
        }
        Relatives.refuse(folder, tensors.keySet());
        checkKinds(config, tensors);
        requireLayers(folder, "ViT", config.vision().storedLayers(), tensors.size());
        requireLayers(folder, "language model", config.language().layers(), tensors.size());
        return new Checkpoint(folder, config, tensors, false);
    }

    /** The same one, with weights that are copied or not. */
    public Checkpoint copied(boolean copies) {
        return new Checkpoint(folder, config, tensors, copies);
    }

    /** The same one, whose rotary embeddings are not scaled. */
    public Checkpoint withoutRopeScaling() {
        return new Checkpoint(folder, config.withoutRopeScaling(), tensors, copied);
    }

    /** Rejects adapters, and quantized weights that config.json is silent about: kinds that tensor names give away. */
    private static void checkKinds(ModelConfig config, Map<String, StoredTensor> tensors) {
        find(tensors, name -> ADAPTED.stream().anyMatch(name::contains)).ifPresent(tensor -> {
            throw new CheckpointException(tensor.file() + ": holds LoRA weights that are not merged, such as "
                    + tensor.name() + "; merge first (merge_and_unload of peft), and load the merged folder");
        });
        if (config.language().packedGroup() == 0) {
            find(tensors, name -> QUANTIZED.stream().anyMatch(name::endsWith)).ifPresent(tensor -> {
                throw new CheckpointException(tensor.file() + ": holds quantized weights, such as " + tensor.name()
                        + ", but config.json has no quantization_config; "
                        + "load the checkpoint that it was made from, with INT8 or INT4");
            });
        }
    }

    private static Optional<StoredTensor> find(Map<String, StoredTensor> tensors, Predicate<String> which) {
        return tensors.values().stream()
                .filter(tensor -> which.test(tensor.name()))
                .findFirst();
    }

    /** A layer has several tensors. A list of the wanted tensors needs memory for each of them. */
    private static void requireLayers(Path folder, String part, int layers, int tensors) {
        if (layers > tensors) {
            throw new CheckpointException(folder.resolve("config.json") + ": num_hidden_layers of the " + part
                    + " must not exceed the number of tensors, " + tensors + ": " + layers);
        }
    }

    /** Reads the configuration alone; throws {@link CheckpointException} for what is not known. */
    public static ModelConfig config(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new CheckpointException(
                    Catalogue.unsupported(folder.toString()).orElse(folder + ": no such folder; " + WANTED));
        }
        Path file = folder.resolve("config.json");
        if (!Files.exists(file)) {
            throw new CheckpointException(folder + ": holds no config.json; " + WANTED);
        }
        JsonObject root = JsonFiles.read(file);
        ConfigReader config = new ConfigReader(file, "", root);
        Relatives.refuse(file, root);
        RopeConfig.refuseUnknown(config);
        return switch (config.one("model_type", "internvl_chat", "internvl", "internvl2_5")) {
            case "internvl" -> NativeConfig.parse(file, root);
            case "internvl2_5" -> ConvertedConfig.parse(file, root);
            default -> OfficialConfig.parse(file, root);
        };
    }

    /** Bytes of all tensors. */
    public long bytes() {
        return tensors.values().stream().mapToLong(StoredTensor::bytes).sum();
    }
}
