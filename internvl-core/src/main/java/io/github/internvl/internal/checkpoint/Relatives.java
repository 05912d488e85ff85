package io.github.internvl.internal.checkpoint;

import com.google.gson.JsonObject;
import io.github.internvl.CheckpointException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Models of the family that cannot be loaded, told by their settings or their tensors: each is refused with its name and the
 * nearest model that runs.
 */
final class Relatives {
    private static final String FLASH =
            "belongs to InternVL3.5-Flash, which chooses 64 or 256 visual tokens for each tile by a"
                    + " network of its own and is not supported; the nearest model that runs is the one of the same size without -Flash,"
                    + " such as OpenGVLab/InternVL3_5-4B";
    private static final List<String> FLASH_TENSORS = List.of("gating.", "pooling_before_gating.", "mlp2.");

    /** Language models, by a part of the type or the class that config.json names. */
    private static final Map<String, String> LANGUAGE = Map.of(
            "internlm3",
            "InternLM3, the language model of InternVL3-9B, is not supported; the nearest model that runs is"
                    + " OpenGVLab/InternVL3-8B",
            "gptoss",
            "GPT-OSS, the language model of InternVL3_5-GPT-OSS-20B-A4B-Preview, is not supported; the nearest model that runs"
                    + " is OpenGVLab/InternVL3_5-30B-A3B");

    private Relatives() {}

    /** Refuses a config.json of one of them. */
    static void refuse(Path file, JsonObject root) {
        if (root.has("qllama_config")
                || text(root, "mm_vision_tower").toLowerCase(Locale.ROOT).contains("intern")) {
            throw new CheckpointException(
                    file + ": an InternVL 1.0, whose ViT and language model are connected by QLLaMA or by"
                            + " LLaVA's projector, is not supported; the nearest models that run are OpenGVLab/InternVL2-8B and newer"
                            + " ones");
        }
        for (String key : root.keySet()) {
            if (key.startsWith("flash_")) {
                throw new CheckpointException(file + ": " + key + " " + FLASH);
            }
        }
        for (String section : List.of("llm_config", "text_config")) {
            if (root.get(section) instanceof JsonObject language) {
                String names = text(language, "model_type") + text(language, "architectures");
                String letters = names.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
                LANGUAGE.forEach((name, message) -> {
                    if (letters.contains(name)) {
                        throw new CheckpointException(file + ": " + section + ": " + message);
                    }
                });
            }
        }
    }

    /** Refuses tensors of one of them, where config.json does not give it away. */
    static void refuse(Path folder, Set<String> tensors) {
        for (String name : tensors) {
            if (FLASH_TENSORS.stream().anyMatch(name::startsWith)) {
                throw new CheckpointException(folder + ": tensor " + name + " " + FLASH);
            }
        }
    }

    private static String text(JsonObject object, String key) {
        return object.has(key) ? object.get(key).toString().replace("\"", "") : "";
    }
}
