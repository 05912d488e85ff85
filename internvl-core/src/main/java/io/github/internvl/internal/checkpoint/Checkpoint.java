package io.github.internvl.internal.checkpoint;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.github.internvl.CheckpointException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A checkpoint folder as published: {@code config.json} and one or several safetensors files.
 *
 * @param folder the folder
 * @param config what config.json says of the model
 * @param tensors where each tensor lies, by its name in the checkpoint
 */
public record Checkpoint(Path folder, ModelConfig config, Map<String, StoredTensor> tensors) {
    private static final String INDEX = "model.safetensors.index.json";

    /** Reads the configuration and the tables of contents; throws {@link CheckpointException} for what does not fit. */
    public static Checkpoint open(Path folder) {
        ModelConfig config = config(folder);
        Map<String, StoredTensor> tensors = new LinkedHashMap<>();
        for (Path file : files(folder)) {
            for (StoredTensor tensor : SafeTensors.read(file)) {
                StoredTensor other = tensors.put(tensor.name(), tensor);
                if (other != null) {
                    throw new CheckpointException(
                            "tensor " + tensor.name() + " is in two files: " + other.file() + " and " + file);
                }
            }
        }
        return new Checkpoint(folder, config, tensors);
    }

    /** Reads the configuration alone; throws {@link CheckpointException} for what is not known. */
    public static ModelConfig config(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new CheckpointException(folder + ": no such folder; give the folder of an InternVL 2.5 checkpoint, "
                    + "with config.json, *.safetensors and the tokenizer files");
        }
        if (!Files.exists(folder.resolve("config.json"))) {
            throw new CheckpointException(
                    folder + ": holds no config.json; give the folder of an InternVL 2.5 checkpoint, "
                            + "with config.json, *.safetensors and the tokenizer files");
        }
        Path file = folder.resolve("config.json");
        JsonObject root = json(file);
        String layout =
                new ConfigReader(file, "", root).one("model_type", "internvl_chat", "internvl_chat", "internvl");
        return layout.equals("internvl") ? NativeConfig.parse(file, root) : OfficialConfig.parse(file, root);
    }

    /** Bytes of all tensors. */
    public long bytes() {
        return tensors.values().stream().mapToLong(StoredTensor::bytes).sum();
    }

    private static List<Path> files(Path folder) {
        Path index = folder.resolve(INDEX);
        if (Files.exists(index)) {
            TreeSet<String> names = new TreeSet<>();
            try {
                JsonObject map = json(index).getAsJsonObject("weight_map");
                map.keySet().forEach(tensor -> names.add(map.get(tensor).getAsString()));
            } catch (IllegalStateException | ClassCastException | NullPointerException e) {
                throw new CheckpointException(index + ": has no table weight_map of tensor to file", e);
            }
            Path home = folder.toAbsolutePath().normalize();
            List<Path> files =
                    names.stream().map(home::resolve).map(Path::normalize).toList();
            for (Path file : files) {
                if (!home.equals(file.getParent())) {
                    throw new CheckpointException(index + ": names a file outside of its folder: " + file);
                }
                if (!Files.exists(file)) {
                    throw new CheckpointException(file + ": missing, though " + INDEX + " names it; fetch it again");
                }
            }
            return files;
        }
        try (Stream<Path> entries = Files.list(folder)) {
            List<Path> files = entries.filter(f -> f.getFileName().toString().endsWith(".safetensors"))
                    .sorted()
                    .toList();
            if (files.isEmpty()) {
                throw new CheckpointException(
                        folder + ": holds no *.safetensors file; fetch the checkpoint's weights as well");
            }
            return files;
        } catch (IOException e) {
            throw new CheckpointException(folder + ": cannot be listed: " + e, e);
        }
    }

    static JsonObject json(Path file) {
        try {
            return JsonParser.parseString(Files.readString(file, StandardCharsets.UTF_8))
                    .getAsJsonObject();
        } catch (IOException e) {
            throw new CheckpointException(file + ": cannot be read: " + e, e);
        } catch (JsonParseException | IllegalStateException e) {
            throw new CheckpointException(file + ": not a JSON object", e);
        }
    }
}
