package io.github.internvl.internal.checkpoint;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.internvl.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The tokenizer's files in the two layouts. That of transformers has a token {@code <video>} more, behind the vocabulary, and names
 * the tokens of pictures; it needs a {@code tokenizer.json} where the official layout has a SentencePiece model.
 */
final class TokenizerFiles {
    private static final String CONFIG = "tokenizer_config.json";
    private static final String FAST = "tokenizer.json";
    private static final String SENTENCE_PIECE = "tokenizer.model";
    private static final String ADDED = "added_tokens.json";
    private static final List<String> COPIED =
            List.of(FAST, "vocab.json", "merges.txt", SENTENCE_PIECE, ADDED, "special_tokens_map.json", CONFIG);

    private static final String VIDEO = "<video>";
    private static final String EXTRA = "extra_special_tokens";
    private static final Map<String, String> ROLES = new TreeMap<>(Map.of(
            "start_image_token", "<img>",
            "end_image_token", "</img>",
            "context_image_token", "<IMG_CONTEXT>",
            "video_token", VIDEO));

    private final Path from;
    private final Path to;

    TokenizerFiles(Path from, Path to) {
        this.from = from;
        this.to = to;
    }

    /** Writes the files of transformers' own layout. */
    void writeNative(Tokenizer tokenizer) throws IOException {
        copy();
        JsonObject config = read(CONFIG);
        if (!has(FAST) && has(SENTENCE_PIECE)) {
            Files.writeString(to.resolve(FAST), Tokenizer.json(from), StandardCharsets.UTF_8);
            config.addProperty("tokenizer_class", "PreTrainedTokenizerFast");
        }
        config.remove("auto_map");
        config.remove("chat_template"); // of the language model alone; the processor has its own
        config.addProperty("processor_class", "InternVLProcessor");
        JsonObject roles = new JsonObject();
        ROLES.forEach((role, token) -> {
            roles.addProperty(role, token);
            config.addProperty(role, token);
        });
        config.add(EXTRA, roles);
        if (tokenizer.id(VIDEO).isEmpty()) {
            addVideo(config, tokenizer.size());
        }
        JsonFiles.write(to.resolve(CONFIG), config);
    }

    private void addVideo(JsonObject config, int id) throws IOException {
        JsonObject token = LayoutKeys.object("""
                {"content": "<video>", "lstrip": false, "normalized": false, "rstrip": false, "single_word": false,
                 "special": true}""");
        if (config.get("added_tokens_decoder") instanceof JsonObject decoder) {
            decoder.add(String.valueOf(id), token);
        }
        if (has(ADDED)) {
            JsonObject added = read(ADDED);
            added.addProperty(VIDEO, id);
            JsonFiles.write(to.resolve(ADDED), added);
        }
        if (has(FAST)) {
            JsonObject fast = read(FAST);
            JsonObject listed = token.deepCopy();
            listed.addProperty("id", id);
            fast.getAsJsonArray("added_tokens").add(listed);
            Files.writeString(to.resolve(FAST), fast.toString(), StandardCharsets.UTF_8);
        }
    }

    /**
     * Writes the files of the official layout.
     *
     * @param vocabulary rows of the embedding; a token behind them is left out
     * @param internlm2 whether the language model is InternLM2, whose own tokenizer reads a SentencePiece model
     */
    void writeOfficial(int vocabulary, boolean internlm2) throws IOException {
        copy();
        JsonObject config = read(CONFIG);
        config.remove("processor_class");
        ROLES.keySet().forEach(config::remove);
        if (config.get(EXTRA) instanceof JsonObject) {
            config.remove(EXTRA);
        }
        if (config.get("added_tokens_decoder") instanceof JsonObject decoder) {
            List.copyOf(decoder.keySet()).stream()
                    .filter(id -> Integer.parseInt(id) >= vocabulary)
                    .forEach(decoder::remove);
        }
        if (internlm2 && has(SENTENCE_PIECE)) {
            config.addProperty("tokenizer_class", "InternLM2Tokenizer");
            Files.deleteIfExists(to.resolve(FAST)); // made from the SentencePiece model
        }
        JsonFiles.write(to.resolve(CONFIG), config);
        JsonObject map = read("special_tokens_map.json");
        if (!map.keySet().isEmpty()) {
            ROLES.keySet().forEach(map::remove);
            JsonFiles.write(to.resolve("special_tokens_map.json"), map);
        }
        dropBehind(vocabulary);
    }

    private void dropBehind(int vocabulary) throws IOException {
        if (has(ADDED)) {
            JsonObject added = read(ADDED);
            List.copyOf(added.keySet()).stream()
                    .filter(token -> added.get(token).getAsInt() >= vocabulary)
                    .forEach(added::remove);
            JsonFiles.write(to.resolve(ADDED), added);
        }
        if (has(FAST)) {
            JsonObject fast = read(FAST);
            JsonArray kept = new JsonArray();
            for (JsonElement token :
                    new ArrayList<>(fast.getAsJsonArray("added_tokens").asList())) {
                if (token.getAsJsonObject().get("id").getAsInt() < vocabulary) {
                    kept.add(token);
                }
            }
            fast.add("added_tokens", kept);
            Files.writeString(to.resolve(FAST), fast.toString(), StandardCharsets.UTF_8);
        }
    }

    private void copy() throws IOException {
        for (String name : COPIED) {
            if (Files.exists(from.resolve(name))) {
                Files.copy(from.resolve(name), to.resolve(name), StandardCopyOption.REPLACE_EXISTING);
                boolean unused = to.resolve(name).toFile().setWritable(true); // a copy has the original's rights
            }
        }
    }

    private boolean has(String name) {
        return Files.exists(to.resolve(name));
    }

    private JsonObject read(String name) {
        return has(name) ? JsonFiles.read(to.resolve(name)) : new JsonObject();
    }
}
