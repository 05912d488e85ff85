package io.github.internvl.tests.conformance;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.internvl.GenerationConfig;
import io.github.internvl.GenerationConfig.EarlyStopping;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Generation settings as goldens name them: the keys of transformers. */
final class GoldenSettings {
    /** Sets what a key says. */
    private interface Setter {
        void set(GenerationConfig.Builder config, JsonElement value);
    }

    private static final Map<String, Setter> SETTERS = Map.ofEntries(
            Map.entry("repetition_penalty", (config, value) -> config.repetitionPenalty(value.getAsDouble())),
            Map.entry("no_repeat_ngram_size", (config, value) -> config.noRepeatNgram(value.getAsInt())),
            Map.entry("min_new_tokens", (config, value) -> config.minNewTokens(value.getAsInt())),
            Map.entry("suppress_tokens", (config, value) -> config.suppress(Goldens.ints(value))),
            Map.entry("temperature", (config, value) -> config.temperature(value.getAsDouble())),
            Map.entry("top_k", (config, value) -> config.topK(value.getAsInt())),
            Map.entry("top_p", (config, value) -> config.topP(value.getAsDouble())),
            Map.entry("min_p", (config, value) -> config.minP(value.getAsDouble())),
            Map.entry("typical_p", (config, value) -> config.typicalP(value.getAsDouble())),
            Map.entry("num_beams", (config, value) -> config.beams(value.getAsInt())),
            Map.entry("length_penalty", (config, value) -> config.lengthPenalty(value.getAsDouble())),
            Map.entry("early_stopping", (config, value) -> config.earlyStopping(earlyStopping(value))),
            Map.entry("eos_token_id", (config, value) -> {})); // part of the case, not of its settings

    private GoldenSettings() {}

    /** Sets what all keys say; the rest stays. */
    static void apply(GenerationConfig.Builder config, JsonObject settings) {
        settings.entrySet().forEach(entry -> apply(config, entry.getKey(), entry.getValue()));
    }

    static void apply(GenerationConfig.Builder config, String key, JsonElement value) {
        Setter setter = SETTERS.get(key);
        if (setter == null) {
            throw new IllegalArgumentException("no such setting: " + key);
        }
        setter.set(config, value);
    }

    /** Keys that the product has nothing for. */
    static Set<String> unknown(JsonObject settings) {
        Set<String> unknown = new TreeSet<>(settings.keySet());
        unknown.removeAll(SETTERS.keySet());
        return unknown;
    }

    private static EarlyStopping earlyStopping(JsonElement value) {
        return switch (value.getAsString()) {
            case "true" -> EarlyStopping.WHEN_COMPLETE;
            case "false" -> EarlyStopping.WHEN_UNLIKELY;
            case "never" -> EarlyStopping.WHEN_IMPOSSIBLE;
            default -> throw new IllegalArgumentException("no such early_stopping: " + value);
        };
    }
}
