package io.github.internvl.tests;

import com.google.gson.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * One checkpoint with its goldens.
 *
 * @param goldens the folder that it belongs to
 * @param folder its own folder: {@code model}, {@code golden.json}, {@code golden.safetensors}
 * @param json golden.json
 */
record GoldenVariant(Goldens goldens, Path folder, JsonObject json) {

    /** What reports and tests call it. */
    String name() {
        return goldens.name() + "/" + folder.getFileName();
    }

    Path model() {
        return folder.resolve("model");
    }

    List<GoldenCase> cases() {
        return json.getAsJsonArray("cases").asList().stream()
                .map(c -> new GoldenCase(this, c.getAsJsonObject()))
                .toList();
    }

    /** The tensors; read anew at each call. */
    GoldenTensors tensors() {
        return GoldenTensors.read(name(), folder.resolve("golden.safetensors"));
    }

    int tokensPerTile() {
        return json.get("num_image_token").getAsInt();
    }

    /** The token that ends an answer of chat. */
    int endId() {
        return json.get("chat_eos_token_id").getAsInt();
    }

    /** Why the product cannot load this checkpoint yet, by what its config.json says; empty if it can. */
    Optional<String> later() {
        if (!Files.exists(model().resolve("config.json"))) {
            return Optional.of("no checkpoint, logits processors alone: not offered yet");
        }
        JsonObject config = Goldens.json(model().resolve("config.json"));
        boolean official = !config.has("model_type")
                || config.get("model_type").getAsString().equals("internvl_chat");
        if (!official || !config.has("llm_config")) {
            return Optional.of("native layout of transformers: not offered yet");
        }
        if (Goldens.has(config.getAsJsonObject("llm_config"), "quantization_config")) {
            return Optional.of("4-bit weights: not offered yet");
        }
        return Optional.empty();
    }
}
