package io.github.internvl.internal.checkpoint;

import com.google.gson.JsonObject;
import io.github.internvl.CheckpointException;
import io.github.internvl.internal.checkpoint.ModelConfig.Family;
import io.github.internvl.internal.checkpoint.ModelConfig.LanguageConfig;
import io.github.internvl.internal.checkpoint.ModelConfig.Layout;
import io.github.internvl.internal.checkpoint.ModelConfig.VisionConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * Reads config.json of transformers' own layout ({@code model_type} internvl), with generation_config.json and the
 * processor's files beside it. Its processor tiles whatever {@code crop_to_patches} says, and its chat template writes no
 * system message of its own.
 */
final class NativeConfig {
    private static final double QK_NORM_EPS = 1e-6; // transformers' own, whatever layer_norm_eps is

    private NativeConfig() {}

    static ModelConfig parse(Path file, JsonObject root) {
        ConfigReader config = new ConfigReader(file, "", root);
        ConfigReader vision = config.section("vision_config");
        ConfigReader language = config.section("text_config");
        ConfigReader generation = config.beside("generation_config.json");
        LanguageSection section = new LanguageSection(language, config);
        requireKnownTemplate(config);
        config.one("projector_hidden_act", "gelu");
        config.one("vision_feature_select_strategy", "default");
        int tileSize = vision.side("image_size");
        int patch = vision.side("patch_size");
        int unshuffle = VisionSection.unshuffle(config, tileSize, patch);
        int tokens = tileSize / patch / unshuffle * (tileSize / patch / unshuffle);
        ProcessorConfig processor = ProcessorConfig.read(config, ProcessorConfig.NATIVE, tileSize, tokens);
        return new ModelConfig(
                Layout.NATIVE,
                vision(vision, config),
                language(section, language, config),
                tileSize,
                unshuffle,
                false,
                processor.minTiles(),
                processor.maxTiles(),
                processor.thumbnail(),
                "internvl2_5",
                null,
                endIds(generation, language),
                LanguageSection.generation(generation, Set.of()),
                section.format(),
                processor.videoFault());
    }

    /** The processor's chat template, in either of its files, must write turns as the published ones do; earlier ones write {@code <image>}. */
    private static void requireKnownTemplate(ConfigReader config) {
        ConfigReader older = config.beside("chat_template.json");
        if (older.has("chat_template")) {
            requireMarks(older.place("chat_template"), older.text("chat_template"));
        }
        Path newer = config.file().resolveSibling("chat_template.jinja");
        if (Files.exists(newer)) {
            requireMarks(newer.toString(), JsonFiles.text(newer));
        }
    }

    private static void requireMarks(String place, String template) {
        for (List<String> marks :
                List.of(List.of("<|im_start|>"), List.of("<|im_end|>"), List.of("<IMG_CONTEXT>", "<image>"))) {
            if (marks.stream().noneMatch(template::contains)) {
                throw new CheckpointException(place + ": must write " + String.join(" or ", marks)
                        + " as published templates do; other dialogue formats of this layout are not supported");
            }
        }
    }

    private static Set<Integer> endIds(ConfigReader generation, ConfigReader language) {
        Set<Integer> listed = generation.numbers("eos_token_id");
        return listed.isEmpty() ? language.numbers("eos_token_id") : listed;
    }

    private static VisionConfig vision(ConfigReader vision, ConfigReader config) {
        vision.expect("use_absolute_position_embeddings", true);
        vision.expect("use_mean_pooling", true);
        vision.expect("use_mask_token", false);
        VisionConfig read = VisionSection.NATIVE.read(vision, config);
        if (read.qkNorm() && read.eps() != QK_NORM_EPS) {
            throw vision.wrong("layer_norm_eps", read.eps(), QK_NORM_EPS + " where use_qk_norm is true");
        }
        return read;
    }

    private static LanguageConfig language(LanguageSection section, ConfigReader language, ConfigReader config) {
        Family family = section.family(Family.QWEN2, Family.QWEN3, Family.QWEN3_MOE, Family.LLAMA);
        boolean tied = language.flag("tie_word_embeddings", false) || config.flag("tie_word_embeddings", false);
        return section.read(family, RopeConfig.read(language, family), tied);
    }
}
