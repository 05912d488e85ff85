package io.github.internvl.internal.checkpoint;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.internvl.CheckpointException;
import io.github.internvl.internal.checkpoint.ModelConfig.Layout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Reads config.json of the layout that {@code convert_internvl2_5_to_hf.py} writes ({@code model_type} internvl2_5): OpenGVLab's
 * tensors and settings, {@code text_config} in place of {@code llm_config}, and the processor of transformers' classes
 * {@code InternVL2_5*}, which decides tiles. Its chat template has a system message of its own.
 *
 * <p>Transformers saves of these classes only what differs from their defaults, so that an absent key has the default of its
 * class here, and nowhere else.
 */
final class ConvertedConfig {
    private static final JsonObject MODEL = json("""
            {"select_layer": -1, "downsample_ratio": 0.5, "dynamic_image_size": false, "use_thumbnail": false,
             "pixel_shuffle_version": "v1", "min_dynamic_patch": 1, "max_dynamic_patch": 6}""");

    private static final JsonObject VISION = json("""
            {"num_channels": 3, "patch_size": 14, "image_size": 224, "qkv_bias": false, "hidden_size": 3200,
             "num_attention_heads": 25, "intermediate_size": 12800, "qk_normalization": true, "num_hidden_layers": 48,
             "hidden_act": "gelu", "norm_type": "rms_norm", "layer_norm_eps": 1e-6}""");

    /** Qwen2Config of transformers 4, and OpenGVLab's InternLM2Config. */
    private static final Map<String, JsonObject> LANGUAGE = Map.of("qwen2", json("""
                    {"vocab_size": 151936, "hidden_size": 4096, "intermediate_size": 22016, "num_hidden_layers": 32,
                     "num_attention_heads": 32, "num_key_value_heads": 32, "hidden_act": "silu",
                     "max_position_embeddings": 32768, "rms_norm_eps": 1e-6, "rope_theta": 10000.0}"""), "internlm2", json("""
                    {"vocab_size": 103168, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
                     "num_attention_heads": 32, "num_key_value_heads": null, "hidden_act": "silu",
                     "max_position_embeddings": 2048, "rms_norm_eps": 1e-6, "rope_theta": 10000, "bias": true}"""));

    private static final List<String> TEMPLATES =
            List.of("chat_template.jinja", "chat_template.json", "tokenizer_config.json");
    private static final Pattern SYSTEM_MESSAGE = Pattern.compile("set system_message = '([^']*)'");

    private ConvertedConfig() {}

    private static JsonObject json(String text) {
        return JsonParser.parseString(text).getAsJsonObject();
    }

    static ModelConfig parse(Path file, JsonObject root) {
        JsonObject whole = completed(root);
        ConfigReader config = new ConfigReader(file, "", whole);
        ConfigReader vision = config.section("vision_config");
        ConfigReader language = config.section("text_config");
        ConfigReader generation = config.beside("generation_config.json");
        LanguageSection section = new LanguageSection(language, config);
        int tileSize = config.has("force_image_size") ? config.side("force_image_size") : vision.side("image_size");
        int patch = vision.side("patch_size");
        int unshuffle = VisionSection.unshuffle(config, tileSize, patch);
        int side = tileSize / patch / unshuffle;
        ProcessorConfig processor = ProcessorConfig.read(config, ProcessorConfig.CONVERTED, tileSize, side * side);
        return new ModelConfig(
                Layout.CONVERTED,
                VisionSection.OFFICIAL.read(vision, config),
                OfficialConfig.language(section, language, config),
                tileSize,
                unshuffle,
                config.one("pixel_shuffle_version", "v1", "v2").equals("v1"),
                processor.minTiles(),
                processor.maxTiles(),
                processor.thumbnail(),
                "internvl2_5",
                systemMessage(config),
                endIds(generation, config),
                LanguageSection.generation(generation, Set.of()),
                section.format(),
                null);
    }

    /** The file with the defaults of its classes. */
    static JsonObject completed(JsonObject root) {
        JsonObject whole = completed(root, MODEL);
        if (root.get("vision_config") instanceof JsonObject vision) {
            whole.add("vision_config", completed(vision, VISION));
        }
        if (root.get("text_config") instanceof JsonObject text && text.has("model_type")) {
            String kind = text.get("model_type").toString().replace("\"", "");
            whole.add("text_config", completed(text, LANGUAGE.getOrDefault(kind, new JsonObject())));
        }
        return whole;
    }

    private static JsonObject completed(JsonObject found, JsonObject defaults) {
        JsonObject all = defaults.deepCopy();
        found.asMap().forEach(all::add);
        return all;
    }

    private static Set<Integer> endIds(ConfigReader generation, ConfigReader config) {
        Set<Integer> listed = generation.numbers("eos_token_id");
        return listed.isEmpty() ? config.numbers("eos_token_id") : listed;
    }

    /** The system message that the chat template writes where a dialogue has none. */
    private static String systemMessage(ConfigReader config) {
        for (String name : TEMPLATES) {
            Path file = config.file().resolveSibling(name);
            if (!Files.exists(file)) {
                continue;
            }
            String template = name.endsWith(".json")
                    ? template(config.beside(name))
                    : JsonFiles.text(file).replace("\r\n", "\n");
            if (template.isEmpty()) {
                continue;
            }
            Matcher found = SYSTEM_MESSAGE.matcher(template);
            boolean turns = Stream.of("<|im_start|>", "<|im_end|>", "<image>").allMatch(template::contains);
            if (!turns || !found.find()) {
                throw new CheckpointException(file
                        + ": the chat template must write <|im_start|>, <|im_end|> and <image>, and set"
                        + " system_message, as the conversion script's does; other dialogue formats of this layout are"
                        + " not supported");
            }
            return found.group(1);
        }
        throw new CheckpointException(config.file().resolveSibling("tokenizer_config.json")
                + ": has no chat_template, and there is none in chat_template.json or chat_template.jinja; the conversion"
                + " script writes one, so fetch the file again");
    }

    private static String template(ConfigReader file) {
        return file.has("chat_template") ? file.text("chat_template") : "";
    }
}
