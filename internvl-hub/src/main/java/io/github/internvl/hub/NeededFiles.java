package io.github.internvl.hub;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The files of a repository that a model is loaded from: configuration, tokenizer, and weights as safetensors. Code, pickled
 * weights, pictures and papers are not downloaded.
 */
final class NeededFiles {
    static final String INDEX = "model.safetensors.index.json";

    private static final String CONFIG = "config.json";
    private static final String WEIGHTS = "model.safetensors";
    private static final String ADAPTER = "adapter_model.safetensors";
    private static final Set<String> SMALL = Set.of(
            CONFIG,
            "generation_config.json",
            "preprocessor_config.json",
            "processor_config.json",
            "video_preprocessor_config.json",
            "tokenizer.json",
            "tokenizer_config.json",
            "vocab.json",
            "merges.txt",
            "tokenizer.model",
            "added_tokens.json",
            "special_tokens_map.json",
            "chat_template.json",
            "chat_template.jinja");
    private static final List<List<String>> TOKENIZERS =
            List.of(List.of("tokenizer.json"), List.of("vocab.json", "merges.txt"), List.of("tokenizer.model"));
    private static final Pattern SHARD = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,200}\\.safetensors");

    private NeededFiles() {}

    /** The files to fetch of a repository, the index of weights included, but not the weights it names. */
    static List<String> of(RepoId id, Collection<String> names) {
        if (!names.contains(CONFIG)) {
            throw new DownloadException(
                    id + ": the repository must hold " + CONFIG + ", as a checkpoint of InternVL does; check the name");
        }
        List<String> weights = weights(names);
        if (weights.isEmpty()) {
            throw new DownloadException(id + ": the repository must hold weights as " + WEIGHTS + " or with " + INDEX
                    + "; other formats, such as *.bin, are not read");
        }
        return Stream.concat(names.stream().filter(SMALL::contains), weights.stream())
                .toList();
    }

    /** The files of weights, in the order of loading: an index counts only where the single file is missing. */
    private static List<String> weights(Collection<String> names) {
        for (String one : List.of(WEIGHTS, INDEX)) {
            if (names.contains(one)) {
                return List.of(one);
            }
        }
        return names.stream().filter(NeededFiles::isShard).toList();
    }

    private static boolean isShard(String name) {
        return SHARD.matcher(name).matches() && !name.equals(ADAPTER);
    }

    /** The files that an index names. */
    static Set<String> shards(Path index) {
        Set<String> shards = new TreeSet<>();
        try {
            JsonObject map = JsonParser.parseString(Files.readString(index))
                    .getAsJsonObject()
                    .getAsJsonObject("weight_map");
            for (JsonElement file : map.asMap().values()) {
                shards.add(file.getAsString());
            }
        } catch (IOException e) {
            throw new DownloadException(index + ": cannot be read: " + e, e);
        } catch (JsonParseException
                | IllegalStateException
                | ClassCastException
                | NullPointerException
                | UnsupportedOperationException e) {
            throw new DownloadException(index + ": has no table weight_map of tensor to file", e);
        }
        for (String shard : shards) {
            if (!SHARD.matcher(shard).matches()) {
                throw new DownloadException(
                        index + ": a file of weights must be a name that ends in .safetensors: \"" + shard + "\"");
            }
        }
        return shards;
    }

    /** The first file that a snapshot lacks for loading; empty if it is complete. */
    static Optional<String> missing(Path snapshot) {
        List<String> wanted = new ArrayList<>(List.of(CONFIG));
        if (!Files.exists(snapshot.resolve(WEIGHTS)) && Files.exists(snapshot.resolve(INDEX))) {
            wanted.addAll(shards(snapshot.resolve(INDEX)));
        } else if (!holdsWeights(snapshot)) {
            wanted.add(WEIGHTS);
        }
        if (TOKENIZERS.stream()
                .noneMatch(files -> files.stream().allMatch(name -> Files.exists(snapshot.resolve(name))))) {
            wanted.add("tokenizer.json");
        }
        return wanted.stream()
                .filter(name -> !Files.exists(snapshot.resolve(name)))
                .findFirst();
    }

    private static boolean holdsWeights(Path snapshot) {
        try (Stream<Path> files = Files.isDirectory(snapshot) ? Files.list(snapshot) : Stream.<Path>empty()) {
            return files.anyMatch(file -> isShard(file.getFileName().toString()) && Files.exists(file));
        } catch (IOException e) {
            throw new DownloadException(snapshot + ": cannot be listed: " + e, e);
        }
    }
}
