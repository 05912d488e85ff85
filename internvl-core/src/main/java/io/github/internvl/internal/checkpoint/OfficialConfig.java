package io.github.internvl.internal.checkpoint;

import com.google.gson.JsonObject;
import io.github.internvl.internal.checkpoint.ModelConfig.Family;
import io.github.internvl.internal.checkpoint.ModelConfig.LanguageConfig;
import io.github.internvl.internal.checkpoint.ModelConfig.Layout;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** Reads config.json of the official layout ({@code model_type} internvl_chat). */
final class OfficialConfig {
    private OfficialConfig() {}

    static ModelConfig parse(Path file, JsonObject root) {
        ConfigReader config = new ConfigReader(file, "", root);
        ConfigReader vision = config.section("vision_config");
        ConfigReader language = config.section("llm_config");
        LanguageSection section = new LanguageSection(language, config);
        requireMerged(config);
        config.expect("pad2square", false);
        int tileSize = config.has("force_image_size") ? config.side("force_image_size") : vision.side("image_size");
        int unshuffle = VisionSection.unshuffle(config, tileSize, vision.side("patch_size"));
        boolean dynamic = config.flag("dynamic_image_size");
        int minTiles = dynamic ? config.number("min_dynamic_patch") : 1;
        int maxTiles = dynamic ? config.number("max_dynamic_patch") : 1;
        return new ModelConfig(
                Layout.OFFICIAL,
                VisionSection.OFFICIAL.read(vision, config),
                language(section, language, config),
                tileSize,
                unshuffle,
                config.one("ps_version", "v1", "v2").equals("v1"),
                minTiles,
                maxTiles,
                config.flag("use_thumbnail"),
                config.text("template"),
                config.has("system_message") ? config.text("system_message") : null,
                Set.of(),
                LanguageSection.generation(language, section.beginIds()),
                section.format(),
                null);
    }

    static LanguageConfig language(LanguageSection section, ConfigReader language, ConfigReader config) {
        Family family = section.family(
                Family.QWEN2, Family.QWEN3, Family.QWEN3_MOE, Family.INTERNLM2, Family.LLAMA, Family.PHI3);
        // transformers leaves it out where it is its class's default, which is false; a head in the file counts anyway
        ConfigReader tying = language.has("tie_word_embeddings") ? language : config;
        return section.read(family, RopeConfig.read(language, family), tying.flag("tie_word_embeddings", false));
    }

    /** A number above 0 is the rank of adapters that the reference wraps around the linears. */
    private static void requireMerged(ConfigReader config) {
        for (String key : List.of("use_backbone_lora", "use_llm_lora")) {
            if (config.signed(key, 0) != 0) {
                throw config.refused(
                        key, config.signed(key), "merge the LoRA weights into the model first, which sets it to 0");
            }
        }
    }
}
