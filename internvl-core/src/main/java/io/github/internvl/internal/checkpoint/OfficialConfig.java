package io.github.internvl.internal.checkpoint;

import com.google.gson.JsonObject;
import io.github.internvl.internal.checkpoint.ModelConfig.Family;
import io.github.internvl.internal.checkpoint.ModelConfig.LanguageConfig;
import io.github.internvl.internal.checkpoint.ModelConfig.Layout;
import io.github.internvl.internal.checkpoint.ModelConfig.VisionConfig;
import java.nio.file.Path;
import java.util.Set;

/** Reads config.json of the official layout ({@code model_type} internvl_chat). */
final class OfficialConfig {
    private OfficialConfig() {}

    static ModelConfig parse(Path file, JsonObject root) {
        ConfigReader config = new ConfigReader(file, "", root);
        ConfigReader vision = config.section("vision_config");
        ConfigReader language = config.section("llm_config");
        int imageSize = vision.number("image_size");
        int tileSize = config.number("force_image_size", imageSize);
        int patch = vision.number("patch_size");
        int unshuffle = config.unshuffle(tileSize, patch);
        boolean dynamic = config.flag("dynamic_image_size", true);
        return new ModelConfig(
                Layout.OFFICIAL,
                vision(vision, config, patch, imageSize),
                language(language),
                tileSize,
                unshuffle,
                config.text("ps_version", "v1").equals("v1"),
                dynamic ? config.number("min_dynamic_patch", 1) : 1,
                dynamic ? config.number("max_dynamic_patch", 12) : 1,
                config.flag("use_thumbnail", true),
                config.text("template", "internvl2_5"),
                config.has("system_message") ? config.text("system_message", "") : null,
                Set.of(),
                language.generation(language.numbers("bos_token_id")),
                config.format("torch_dtype", language.text("torch_dtype", "bfloat16")));
    }

    private static VisionConfig vision(ConfigReader vision, ConfigReader config, int patch, int imageSize) {
        int stored = vision.number("num_hidden_layers");
        int grid = imageSize / patch;
        vision.one("hidden_act", "gelu", "gelu");
        return new VisionConfig(
                config.layers("select_layer", stored),
                stored,
                vision.number("hidden_size"),
                vision.number("num_attention_heads"),
                vision.number("intermediate_size"),
                patch,
                grid * grid,
                vision.real("layer_norm_eps", 1e-6),
                vision.one("norm_type", "rms_norm", "layer_norm", "rms_norm").equals("rms_norm"),
                vision.flag("qk_normalization", true),
                vision.flag("qkv_bias", false));
    }

    private static LanguageConfig language(ConfigReader language) {
        String type = language.one("model_type", "", "qwen2", "internlm2");
        Family family = type.equals("qwen2") ? Family.QWEN2 : Family.INTERNLM2;
        language.one("hidden_act", "silu", "silu");
        int width = language.number("hidden_size");
        int heads = language.number("num_attention_heads");
        int kvHeads = language.number("num_key_value_heads", heads);
        if (width % heads != 0 || heads % kvHeads != 0) {
            throw language.wrong("num_attention_heads", heads, "a divisor of hidden_size and multiple of key heads");
        }
        boolean bias = language.flag("bias", false);
        return new LanguageConfig(
                family,
                language.number("vocab_size"),
                language.number("num_hidden_layers"),
                width,
                heads,
                kvHeads,
                width / heads,
                language.number("intermediate_size"),
                language.real("rms_norm_eps", 1e-6),
                language.real("rope_theta", 10_000),
                family == Family.INTERNLM2 ? language.ropeFactor() : 0, // the reference's Qwen2 ignores rope_scaling
                language.number("max_position_embeddings"),
                family == Family.QWEN2 || bias,
                family == Family.INTERNLM2 && bias,
                language.flag("tie_word_embeddings", false),
                Quantization.group(language));
    }
}
