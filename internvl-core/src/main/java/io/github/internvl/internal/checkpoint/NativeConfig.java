package io.github.internvl.internal.checkpoint;

import com.google.gson.JsonObject;
import io.github.internvl.internal.checkpoint.ModelConfig.Family;
import io.github.internvl.internal.checkpoint.ModelConfig.LanguageConfig;
import io.github.internvl.internal.checkpoint.ModelConfig.Layout;
import io.github.internvl.internal.checkpoint.ModelConfig.VisionConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/**
 * Reads config.json of transformers' own layout ({@code model_type} internvl), with generation_config.json and
 * preprocessor_config.json beside it. Its processor tiles whatever {@code crop_to_patches} says, and its chat template
 * writes no system message of its own.
 */
final class NativeConfig {
    private NativeConfig() {}

    static ModelConfig parse(Path file, JsonObject root) {
        ConfigReader config = new ConfigReader(file, "", root);
        ConfigReader vision = config.section("vision_config");
        ConfigReader language = config.section("text_config");
        ConfigReader processor = beside(file, "preprocessor_config.json");
        ConfigReader generation = beside(file, "generation_config.json");
        config.one("projector_hidden_act", "gelu", "gelu");
        config.one("vision_feature_select_strategy", "default", "default");
        int tileSize = vision.side("image_size");
        int patch = vision.side("patch_size");
        String dtype = config.has("dtype") ? "dtype" : "torch_dtype";
        return new ModelConfig(
                Layout.NATIVE,
                vision(vision, config, patch, tileSize),
                language(language, config),
                tileSize,
                config.unshuffle(tileSize, patch),
                false,
                processor.number("min_patches", 1),
                processor.number("max_patches", 12),
                true,
                "internvl2_5",
                null,
                endIds(generation, language),
                generation.generation(Set.of()),
                config.format(dtype, language.text("dtype", "bfloat16")));
    }

    private static Set<Integer> endIds(ConfigReader generation, ConfigReader language) {
        Set<Integer> listed = generation.numbers("eos_token_id");
        return listed.isEmpty() ? language.numbers("eos_token_id") : listed;
    }

    /** Another file of the same folder; one that says nothing where there is none. */
    private static ConfigReader beside(Path config, String name) {
        Path file = config.resolveSibling(name);
        return new ConfigReader(file, "", Files.exists(file) ? Checkpoint.json(file) : new JsonObject());
    }

    private static VisionConfig vision(ConfigReader vision, ConfigReader config, int patch, int side) {
        int stored = vision.number("num_hidden_layers");
        vision.one("hidden_act", "gelu", "gelu");
        return new VisionConfig(
                config.layers("vision_feature_layer", stored),
                stored,
                vision.number("hidden_size"),
                vision.number("num_attention_heads"),
                vision.number("intermediate_size"),
                patch,
                (side / patch) * (side / patch),
                vision.real("layer_norm_eps", 1e-6),
                vision.one("norm_type", "layer_norm", "layer_norm", "rms_norm").equals("rms_norm"),
                vision.flag("use_qk_norm", false),
                vision.flag("attention_bias", false));
    }

    private static LanguageConfig language(ConfigReader language, ConfigReader config) {
        String type = language.one("model_type", "", "qwen2", "llama");
        language.one("hidden_act", "silu", "silu");
        if (language.flag("mlp_bias", false)) {
            throw language.wrong("mlp_bias", true, "false");
        }
        int width = language.number("hidden_size");
        int heads = language.number("num_attention_heads");
        int kvHeads = language.number("num_key_value_heads", heads);
        boolean qwen = type.equals("qwen2");
        boolean bias = language.flag("attention_bias", false);
        return new LanguageConfig(
                qwen ? Family.QWEN2 : Family.LLAMA,
                language.number("vocab_size"),
                language.number("num_hidden_layers"),
                width,
                heads,
                kvHeads,
                language.number("head_dim", width / heads),
                language.number("intermediate_size"),
                language.real("rms_norm_eps", 1e-6),
                language.real("rope_theta", 10_000),
                language.ropeFactor(),
                language.number("max_position_embeddings"),
                qwen || bias,
                !qwen && bias,
                language.flag("tie_word_embeddings", config.flag("tie_word_embeddings", false)),
                0);
    }
}
