package io.github.internvl.tokenizer;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The settings of {@code added_tokens.json}, {@code special_tokens_map.json} and {@code tokenizer_config.json} together; each of them may be
 * absent. A token is special if it is marked so or has a role ({@code bos_token}, {@code additional_special_tokens}, ...).
 */
final class TokenizerConfig {
    /** Transformers 5 writes the first as the second, or as the third with a role for each. */
    private static final Set<String> SPECIAL_LISTS =
            Set.of("additional_special_tokens", "extra_special_tokens", "model_specific_special_tokens");

    private final JsonFile file;
    private final JsonObject config;
    private final Set<String> specialNames = new TreeSet<>();
    private final Set<String> listed = new TreeSet<>();
    private final Set<String> stripping = new TreeSet<>();
    private final Map<Integer, AddedToken> added = new TreeMap<>();

    TokenizerConfig(Path folder) {
        file = new JsonFile(folder.resolve("tokenizer_config.json"));
        config = file.objectIfPresent();
        roles(config);
        roles(new JsonFile(folder.resolve("special_tokens_map.json")).objectIfPresent());
        addFromConfig();
        JsonFile addedTokens = new JsonFile(folder.resolve("added_tokens.json"));
        if (Files.exists(addedTokens.path())) {
            addedTokens.read(JsonFile::ids).forEach((content, id) -> add(id, content, false));
        }
    }

    /** A setting that is true or false. */
    boolean flag(String name, boolean ifAbsent) {
        JsonElement value = config.get(name);
        return (value instanceof JsonPrimitive primitive && primitive.isBoolean())
                ? primitive.getAsBoolean()
                : ifAbsent;
    }

    /** The content of the token with a role such as {@code bos_token}. */
    String role(String name, String ifAbsent) {
        JsonElement value = config.get(name);
        String content = value == null ? null : content(value);
        return content == null ? ifAbsent : content;
    }

    /** Fails unless the files are of one of the named tokenizers, whose rules the caller is about to apply; says which. */
    String requireClass(String... names) {
        String found = role("tokenizer_class", names[0]);
        return Stream.of(names)
                .filter(found::startsWith)
                .findFirst()
                .orElseThrow(() -> new TokenizerException(
                        file.path(),
                        "tokenizer_class must be " + String.join(" or ", names) + " for these files: " + found
                                + "; put a tokenizer.json beside it, which says itself how text is split"));
    }

    /** Whether a token has a role of its own, such as {@code eos_token}, or one in a list of special tokens. */
    boolean hasRole(String content) {
        return specialNames.contains(content);
    }

    /** Whether a token is in a list of special tokens. */
    boolean isListed(String content) {
        return listed.contains(content);
    }

    /** The added tokens that take the white space on their right with them. */
    Set<String> stripping() {
        return stripping;
    }

    /**
     * The added tokens by id. A special name without an entry of its own is a piece of the model; one that is not even a piece has no id
     * and is left out.
     */
    List<AddedToken> addedTokens(Map<String, Integer> pieces) {
        Map<Integer, AddedToken> all = new TreeMap<>(added);
        for (String name : specialNames) {
            Integer id = pieces.get(name);
            if (id != null) {
                all.putIfAbsent(id, new AddedToken(id, name, true));
            }
        }
        return List.copyOf(all.values());
    }

    private void addFromConfig() {
        if (!(config.get("added_tokens_decoder") instanceof JsonObject decoder)) {
            return;
        }
        for (Map.Entry<String, JsonElement> entry : decoder.entrySet()) {
            try {
                JsonObject token = entry.getValue().getAsJsonObject();
                String content = content(token);
                if (content == null) {
                    throw new IllegalStateException("token " + entry.getKey() + " has no content");
                }
                boolean special = token.has("special") && token.get("special").getAsBoolean();
                if (token.has("rstrip") && token.get("rstrip").getAsBoolean()) {
                    stripping.add(content);
                }
                add(Integer.parseInt(entry.getKey()), content, special);
            } catch (IllegalStateException | NumberFormatException e) {
                throw file.damaged(e);
            }
        }
    }

    private void add(int id, String content, boolean special) {
        AddedToken token = new AddedToken(id, content, special || specialNames.contains(content));
        AddedToken other = added.putIfAbsent(id, token);
        if (other != null && !other.content().equals(content)) {
            throw new TokenizerException(
                    file.path(),
                    "must agree with added_tokens.json on token " + id + ": " + other.content() + " and " + content
                            + "; take both files from the same checkpoint");
        }
    }

    private void roles(JsonObject object) {
        object.asMap().forEach((name, value) -> {
            if (SPECIAL_LISTS.contains(name) && value instanceof JsonArray list) {
                list.forEach(this::special);
                list.forEach(token -> Optional.ofNullable(content(token)).ifPresent(listed::add));
            } else if (SPECIAL_LISTS.contains(name) && value instanceof JsonObject roles) {
                roles.asMap().values().forEach(this::special);
            } else if (name.endsWith("_token")) {
                special(value);
            }
        });
    }

    private void special(JsonElement token) {
        String content = content(token);
        if (content != null) {
            specialNames.add(content);
        }
    }

    /** A token is written as a string, or as an object with its content. */
    private static @Nullable String content(JsonElement token) {
        JsonElement value = token instanceof JsonObject object ? object.get("content") : token;
        boolean text = value != null
                && value.isJsonPrimitive()
                && value.getAsJsonPrimitive().isString();
        return text ? value.getAsString() : null;
    }
}
