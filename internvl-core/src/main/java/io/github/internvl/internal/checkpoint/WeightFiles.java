package io.github.internvl.internal.checkpoint;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.internvl.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The weight files of a folder, in transformers' order: {@code model.safetensors}; only without it the shards that
 * {@code model.safetensors.index.json} names; without both every {@code *.safetensors} there is. Adapters never count.
 */
final class WeightFiles {
    private static final String WHOLE = "model.safetensors";
    private static final String INDEX = "model.safetensors.index.json";
    private static final String ADAPTER = "adapter_model.safetensors";

    private WeightFiles() {}

    static List<Path> of(Path folder) {
        Path whole = folder.resolve(WHOLE);
        if (Files.exists(whole)) {
            return List.of(whole);
        }
        Path index = folder.resolve(INDEX);
        return Files.exists(index) ? shards(folder, index) : all(folder);
    }

    private static List<Path> shards(Path folder, Path index) {
        Path home = folder.toAbsolutePath().normalize();
        Set<Path> files = new TreeSet<>();
        for (String name : names(index)) {
            Path file = inside(home, index, name);
            if (!Files.exists(file)) {
                throw new CheckpointException(file + ": missing, though " + INDEX + " names it; fetch it again");
            }
            files.add(file);
        }
        return List.copyOf(files);
    }

    private static Set<String> names(Path index) {
        if (!(JsonFiles.read(index).get("weight_map") instanceof JsonObject map)) {
            throw new CheckpointException(index + ": has no table weight_map of tensor to file");
        }
        Set<String> names = new TreeSet<>();
        for (String tensor : map.keySet()) {
            JsonElement file = map.get(tensor);
            if (!file.isJsonPrimitive() || !file.getAsJsonPrimitive().isString()) {
                throw new CheckpointException(
                        index + ": weight_map must name a file for tensor " + tensor + ": " + file);
            }
            names.add(file.getAsString());
        }
        return names;
    }

    private static Path inside(Path home, Path index, String name) {
        try {
            Path file = home.resolve(name).normalize();
            if (!home.equals(file.getParent())) {
                throw new CheckpointException(index + ": names a file outside of its folder: " + file);
            }
            return file;
        } catch (InvalidPathException e) {
            throw new CheckpointException(
                    index + ": weight_map must hold names of files: \"" + name.replace('\0', '?') + "\"", e);
        }
    }

    private static List<Path> all(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            List<Path> files = entries.filter(file -> named(file).endsWith(".safetensors"))
                    .sorted()
                    .toList();
            List<Path> whole =
                    files.stream().filter(file -> !named(file).equals(ADAPTER)).toList();
            if (whole.isEmpty()) {
                throw new CheckpointException(folder
                        + (files.isEmpty()
                                ? ": holds no *.safetensors file; fetch the checkpoint's weights as well"
                                : ": holds " + ADAPTER + " alone; merge the LoRA adapter into the model that it was "
                                        + "trained on first, and load the merged folder"));
            }
            return whole;
        } catch (IOException e) {
            throw new CheckpointException(folder + ": cannot be listed: " + e, e);
        }
    }

    private static String named(Path file) {
        return String.valueOf(file.getFileName());
    }
}
