package io.github.internvl.internal.checkpoint;

import com.google.gson.JsonObject;
import io.github.internvl.CheckpointException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A checkpoint folder as published: {@code config.json} and one or several safetensors files.
 *
 * @param folder the folder
 * @param config what config.json says of the model
 * @param tensors where each tensor lies, by its name in the checkpoint
 * @param copied whether weights are read into memory of their own, instead of mapped
 */
public record Checkpoint(Path folder, ModelConfig config, Map<String, StoredTensor> tensors, boolean copied) {
    private static final String WANTED = "give the folder of an InternVL 2.5 checkpoint, "
            + "with config.json, *.safetensors and the tokenizer files";

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
        WeightKinds.check(folder, config, tensors);
        requireLayers(folder, "ViT", config.vision().storedLayers(), tensors.size());
        requireLayers(folder, "language model", config.language().layers(), tensors.size());
        return new Checkpoint(folder, config, tensors, false);
    }

    /** The same one, with weights that are copied or not. */
    public Checkpoint copied(boolean copies) {
        return new Checkpoint(folder, config, tensors, copies);
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
            throw new CheckpointException(folder + ": no such folder; " + WANTED);
        }
        Path file = folder.resolve("config.json");
        if (!Files.exists(file)) {
            throw new CheckpointException(folder + ": holds no config.json; " + WANTED);
        }
        JsonObject root = JsonFiles.read(file);
        ConfigReader config = new ConfigReader(file, "", root);
        RopeConfig.refuseUnknown(config);
        String layout = config.one("model_type", "internvl_chat", "internvl");
        return layout.equals("internvl") ? NativeConfig.parse(file, root) : OfficialConfig.parse(file, root);
    }

    /** Bytes of all tensors. */
    public long bytes() {
        return tensors.values().stream().mapToLong(StoredTensor::bytes).sum();
    }
}
