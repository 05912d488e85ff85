package io.github.internvl.internal.checkpoint;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The settings of a checkpoint in the keys of the two layouts: config.json of the official one, and of transformers' own. The
 * section of the language model keeps its keys, which both layouts take from transformers' classes; InternLM2 becomes Llama.
 */
final class LayoutKeys {
    /** Keys of the ViT that differ: the official one, and that of transformers. */
    private static final Map<String, String> VISION = Map.of(
            "qkv_bias", "attention_bias",
            "qk_normalization", "use_qk_norm",
            "dropout", "hidden_dropout_prob");

    private static final List<String> SHARED_VISION = List.of(
            "hidden_size",
            "num_hidden_layers",
            "num_attention_heads",
            "intermediate_size",
            "num_channels",
            "layer_norm_eps",
            "norm_type",
            "hidden_act",
            "attention_dropout",
            "initializer_range",
            "initializer_factor");

    private static final List<String> DTYPES = List.of("dtype", "torch_dtype");
    private static final String QUANTIZATION = "quantization_config";
    private static final String KEPT = "modules_to_not_convert";
    private static final String SYSTEM_MESSAGE = "system_message";

    private LayoutKeys() {}

    /**
     * The config.json of transformers' own layout.
     *
     * @param official the file of the official one
     * @param config what is read from that
     * @param imageId the id of the token that visual tokens replace
     */
    static JsonObject toNative(JsonObject official, ModelConfig config, int imageId) {
        JsonObject root = object("""
                {"architectures": ["InternVLForConditionalGeneration"], "model_type": "internvl", "projector_hidden_act": "gelu",
                 "tie_word_embeddings": false, "vision_feature_select_strategy": "default"}""");
        copy(official, root, List.of("downsample_ratio", SYSTEM_MESSAGE));
        copy(official, root, DTYPES);
        root.add("vision_feature_layer", official.get("select_layer"));
        root.addProperty("image_seq_length", config.tokensPerTile());
        root.addProperty("image_token_id", imageId);
        JsonObject text = languageSection(official.getAsJsonObject("llm_config"));
        if (text.get("model_type").getAsString().equals("internlm2")) {
            text.addProperty("model_type", "llama");
            text.add("architectures", names("LlamaForCausalLM"));
            text.add("attention_bias", text.remove("bias"));
            text.addProperty("mlp_bias", false);
            text.addProperty("head_dim", config.language().headWidth());
        }
        moveQuantization(text, root, official);
        root.addProperty("tie_word_embeddings", config.language().tied());
        root.add("text_config", text);
        root.add("vision_config", nativeVision(official.getAsJsonObject("vision_config")));
        return root;
    }

    private static JsonObject nativeVision(JsonObject official) {
        JsonObject vision = object("""
                {"architectures": ["InternVLVisionModel"], "model_type": "internvl_vision", "layer_scale_init_value": 0.1,
                 "projection_dropout": 0.0, "use_absolute_position_embeddings": true, "use_mask_token": false,
                 "use_mean_pooling": true}""");
        copy(official, vision, SHARED_VISION);
        copy(official, vision, DTYPES);
        VISION.forEach((from, to) -> rename(official, from, vision, to));
        for (String side : List.of("image_size", "patch_size")) {
            JsonArray pair = new JsonArray();
            pair.add(official.get(side));
            pair.add(official.get(side));
            vision.add(side, pair);
        }
        return vision;
    }

    /** Transformers looks for the settings of 4-bit weights at the top, and there needs the parts that are not quantized. */
    private static void moveQuantization(JsonObject text, JsonObject root, JsonObject official) {
        JsonObject found = text.has(QUANTIZATION)
                ? text.remove(QUANTIZATION).getAsJsonObject()
                : official.has(QUANTIZATION) ? official.getAsJsonObject(QUANTIZATION) : null;
        if (found != null) {
            JsonObject moved = found.deepCopy();
            Set<String> kept = new LinkedHashSet<>(List.of("vision_tower", "multi_modal_projector", "lm_head"));
            if (text.has("num_experts")) {
                kept.add("mlp.gate");
            }
            if (found.get(KEPT) instanceof JsonArray own) {
                own.forEach(module -> kept.add(module.getAsString()));
            }
            moved.add(KEPT, names(kept.toArray(String[]::new)));
            root.add(QUANTIZATION, moved);
        }
    }

    /**
     * The config.json of the official layout.
     *
     * @param own the file of transformers' own
     * @param config what is read from that
     * @param internlm2 whether its Llama is InternLM2, whose tensors the official layout has under names of their own
     */
    static JsonObject toOfficial(JsonObject own, ModelConfig config, boolean internlm2) {
        JsonObject root = object("""
                {"architectures": ["InternVLChatModel"], "model_type": "internvl_chat", "dynamic_image_size": true,
                 "pad2square": false, "ps_version": "v2", "template": "internvl2_5", "tie_word_embeddings": false,
                 "use_backbone_lora": 0, "use_llm_lora": 0, "use_thumbnail": true}""");
        copy(own, root, List.of("downsample_ratio", SYSTEM_MESSAGE));
        copy(own, root, DTYPES);
        root.addProperty("force_image_size", config.tileSize());
        root.addProperty("min_dynamic_patch", config.minTiles());
        root.addProperty("max_dynamic_patch", config.maxTiles());
        root.add("select_layer", own.get("vision_feature_layer"));
        JsonObject text = languageSection(own.getAsJsonObject("text_config"));
        if (internlm2) {
            text.addProperty("model_type", "internlm2");
            text.add("architectures", names("InternLM2ForCausalLM"));
            text.addProperty("bias", config.language().attentionBias());
            List.of("attention_bias", "mlp_bias", "head_dim").forEach(text::remove);
        }
        text.addProperty("tie_word_embeddings", config.language().tied());
        if (text.remove("rope_parameters") != null) { // of transformers 5, which the official code does not read
            RopeConfig rope = config.language().rope();
            text.addProperty("rope_theta", rope.base());
            if (rope.factor() > 0) {
                JsonObject scaling = object("{\"type\": \"dynamic\"}");
                scaling.addProperty("factor", rope.factor());
                text.add("rope_scaling", scaling);
            }
        }
        if (own.get(QUANTIZATION) instanceof JsonObject found) {
            JsonObject moved = found.deepCopy();
            moved.remove(KEPT);
            text.add(QUANTIZATION, moved);
        }
        sampling(text, config.generation());
        root.add("llm_config", text);
        root.add("vision_config", officialVision(own.getAsJsonObject("vision_config"), config));
        return root;
    }

    /** The official layout has the defaults of sampling beside the settings of the language model. */
    private static void sampling(JsonObject text, ModelConfig.GenerationDefaults sampling) {
        text.addProperty("temperature", sampling.temperature());
        text.addProperty("top_k", sampling.topK());
        text.addProperty("top_p", sampling.topP());
    }

    private static JsonObject officialVision(JsonObject own, ModelConfig config) {
        JsonObject vision = object("""
                {"architectures": ["InternVisionModel"], "model_type": "intern_vit_6b", "use_flash_attn": true}""");
        copy(own, vision, SHARED_VISION);
        copy(own, vision, DTYPES);
        VISION.forEach((to, from) -> rename(own, from, vision, to));
        vision.addProperty("image_size", config.tileSize());
        vision.addProperty("patch_size", config.vision().patch());
        return vision;
    }

    /** The config.json of the official layout for one whose keys {@code convert_internvl2_5_to_hf.py} has moved. */
    static JsonObject movedBack(JsonObject converted, ModelConfig config) {
        JsonObject root = converted.deepCopy();
        root.addProperty("model_type", "internvl_chat");
        root.add("architectures", names("InternVLChatModel"));
        root.add("llm_config", root.remove("text_config"));
        sampling(root.getAsJsonObject("llm_config"), config.generation());
        root.addProperty("ps_version", config.unshuffleByColumns() ? "v1" : "v2");
        root.remove("pixel_shuffle_version");
        root.addProperty("template", config.template());
        root.addProperty(SYSTEM_MESSAGE, config.systemMessage());
        root.addProperty("force_image_size", config.tileSize());
        root.addProperty("dynamic_image_size", true);
        root.addProperty("min_dynamic_patch", config.minTiles());
        root.addProperty("max_dynamic_patch", config.maxTiles());
        root.addProperty("use_thumbnail", config.thumbnail());
        return root;
    }

    private static JsonObject languageSection(JsonObject section) {
        JsonObject copy = section.deepCopy();
        List.of("auto_map", "_name_or_path", "attn_implementation", "_attn_implementation")
                .forEach(copy::remove);
        return copy;
    }

    private static void copy(JsonObject from, JsonObject to, List<String> keys) {
        keys.forEach(key -> rename(from, key, to, key));
    }

    private static void rename(JsonObject from, String key, JsonObject to, String other) {
        if (from.has(key)) {
            to.add(other, from.get(key));
        }
    }

    private static JsonArray names(String... names) {
        JsonArray array = new JsonArray();
        List.of(names).forEach(array::add);
        return array;
    }

    static JsonObject object(String json) {
        return JsonParser.parseString(json).getAsJsonObject();
    }
}
