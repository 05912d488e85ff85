package io.github.internvl.tests.conformance;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The reference of a folder with a tokenizer.json: Hugging Face's own decoder, and then the clean-up of spaces of transformers
 * 4 where tokenizer_config.json asks for it. The base of a checkpoint in transformers' own layout may have another one.
 */
final class OwnTokenizer {
    private static final String[][] CLEANED = {
        {" .", "."}, {" ?", "?"}, {" !", "!"}, {" ,", ","}, {" ' ", "'"},
        {" n't", "n't"}, {" 'm", "'m"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}
    };

    private static final Map<Path, HuggingFaceTokenizer> LOADED = new ConcurrentHashMap<>(); // as long as the tests run

    private OwnTokenizer() {}

    static boolean isIn(Path folder) {
        return Files.exists(folder.resolve("tokenizer.json"));
    }

    static String decode(Path folder, int[] ids, boolean skipSpecial) {
        long[] wide = Arrays.stream(ids).asLongStream().toArray();
        String text = LOADED.computeIfAbsent(folder, OwnTokenizer::load).decode(wide, skipSpecial);
        return cleans(folder) ? cleaned(text) : text;
    }

    private static HuggingFaceTokenizer load(Path folder) {
        try {
            return HuggingFaceTokenizer.newInstance(folder.resolve("tokenizer.json"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean cleans(Path folder) {
        Path file = folder.resolve("tokenizer_config.json");
        if (!Files.exists(file)) {
            return false;
        }
        JsonObject config = Goldens.json(file);
        String key = "clean_up_tokenization_spaces";
        return Goldens.has(config, key) && config.get(key).getAsBoolean();
    }

    private static String cleaned(String text) {
        String cleaned = text;
        for (String[] pair : CLEANED) {
            cleaned = cleaned.replace(pair[0], pair[1]);
        }
        return cleaned;
    }
}
