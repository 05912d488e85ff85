package io.github.internvl.internal.checkpoint;

import com.google.gson.JsonObject;
import io.github.internvl.CheckpointException;
import io.github.internvl.internal.torch.NumberFormat;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What config.json says of an InternVL chat model, in the official layout ({@code internvl_chat}).
 *
 * @param vision the ViT
 * @param language the language model
 * @param tileSize side of a tile in pixels ({@code force_image_size})
 * @param unshuffle patches that one visual token joins along a side (1 / {@code downsample_ratio})
 * @param unshuffleByColumns {@code ps_version} v1: visual tokens lie column by column
 * @param minTiles fewest tiles of a picture, without the thumbnail
 * @param maxTiles most tiles of a picture, without the thumbnail
 * @param thumbnail whether a tiled picture gets a thumbnail
 * @param template name of the dialogue template
 * @param systemMessage replaces the template's system message, where present
 * @param storedFormat the number format that the checkpoint names for its weights
 */
public record ModelConfig(
        VisionConfig vision,
        LanguageConfig language,
        int tileSize,
        int unshuffle,
        boolean unshuffleByColumns,
        int minTiles,
        int maxTiles,
        boolean thumbnail,
        String template,
        @Nullable String systemMessage,
        NumberFormat storedFormat) {

    /**
     * The ViT.
     *
     * @param layers layers that the visual tokens are taken after ({@code select_layer}); the file may hold more
     * @param storedLayers layers in the file
     * @param width d
     * @param heads attention heads
     * @param mlpWidth width between the two linears of a layer
     * @param patch side of a patch in pixels
     * @param patches patches of the position table, {@code (image_size / patch)^2}
     * @param eps of the norms in the layers
     * @param rmsNorm RMSNorm (6B) or LayerNorm (300M)
     * @param qkNorm whether queries and keys are normalised (6B)
     * @param qkvBias whether the qkv linear has a bias (300M)
     */
    public record VisionConfig(
            int layers,
            int storedLayers,
            int width,
            int heads,
            int mlpWidth,
            int patch,
            int patches,
            double eps,
            boolean rmsNorm,
            boolean qkNorm,
            boolean qkvBias) {}

    /** Which names and which layout the language model's tensors have. */
    public enum Family {
        QWEN2,
        INTERNLM2
    }

    /**
     * The language model.
     *
     * @param family Qwen2 or InternLM2
     * @param vocabulary rows of the embedding, padding included
     * @param layers decoder layers
     * @param width h
     * @param heads query heads
     * @param kvHeads key and value heads
     * @param headWidth width of a head
     * @param mlpWidth width between gate/up and down
     * @param eps of the norms
     * @param ropeBase rotary base
     * @param ropeFactor dynamic NTK factor, 0 for plain rotary embeddings
     * @param positions {@code max_position_embeddings}
     * @param attentionBias whether q, k and v have biases
     * @param tied whether the head is the embedding where the file has no head
     */
    public record LanguageConfig(
            Family family,
            int vocabulary,
            int layers,
            int width,
            int heads,
            int kvHeads,
            int headWidth,
            int mlpWidth,
            double eps,
            double ropeBase,
            double ropeFactor,
            int positions,
            boolean attentionBias,
            boolean tied) {}

    /** Visual tokens of one tile. */
    public int tokensPerTile() {
        int side = tileSize / vision.patch() / unshuffle;
        return side * side;
    }

    static ModelConfig parse(Path file, JsonObject root) {
        ConfigReader config = new ConfigReader(file, "", root);
        String type = config.text("model_type", "internvl_chat");
        if (!type.equals("internvl_chat")) {
            throw config.wrong("model_type", type, "internvl_chat; not the -hf layout of transformers");
        }
        ConfigReader vision = config.section("vision_config");
        ConfigReader language = config.section("llm_config");
        int imageSize = vision.number("image_size");
        int tileSize = config.number("force_image_size", imageSize);
        double ratio = config.real("downsample_ratio", 0.5);
        int unshuffle = (int) Math.round(1 / ratio);
        int patch = vision.number("patch_size");
        if (Math.abs(ratio * unshuffle - 1) > 1e-6 || tileSize % patch != 0 || tileSize / patch % unshuffle != 0) {
            throw config.wrong(
                    "force_image_size",
                    tileSize + " with patch_size " + patch + " and downsample_ratio " + ratio,
                    "a whole number of patches that the ratio divides");
        }
        boolean dynamic = config.flag("dynamic_image_size", true);
        String version = config.text("ps_version", "v1");
        return new ModelConfig(
                vision(vision, config, patch, imageSize),
                language(language),
                tileSize,
                unshuffle,
                version.equals("v1"),
                dynamic ? config.number("min_dynamic_patch", 1) : 1,
                dynamic ? config.number("max_dynamic_patch", 12) : 1,
                config.flag("use_thumbnail", true),
                config.text("template", "internvl2_5"),
                config.has("system_message") ? config.text("system_message", "") : null,
                format(config, language));
    }

    private static NumberFormat format(ConfigReader config, ConfigReader language) {
        String name = config.text("torch_dtype", language.text("torch_dtype", "bfloat16"));
        return switch (name) {
            case "bfloat16" -> NumberFormat.BFLOAT16;
            case "float16" -> NumberFormat.FLOAT16;
            case "float32" -> NumberFormat.FLOAT32;
            default -> throw config.wrong("torch_dtype", name, "bfloat16, float16, float32");
        };
    }

    private static VisionConfig vision(ConfigReader vision, ConfigReader config, int patch, int imageSize) {
        int stored = vision.number("num_hidden_layers");
        int select = config.signed("select_layer", -1);
        int layers = select < 0 ? stored + 1 + select : select; // indexes [embeddings, layer 1, ..., layer n]
        if (layers < 0 || layers > stored) {
            throw config.wrong("select_layer", select, "an index of embeddings and " + stored + " layers");
        }
        String norm = vision.text("norm_type", "rms_norm");
        if (!norm.equals("rms_norm") && !norm.equals("layer_norm")) {
            throw vision.wrong("norm_type", norm, "layer_norm, rms_norm");
        }
        String activation = vision.text("hidden_act", "gelu");
        if (!activation.equals("gelu")) {
            throw vision.wrong("hidden_act", activation, "gelu");
        }
        int grid = imageSize / patch;
        return new VisionConfig(
                layers,
                stored,
                vision.number("hidden_size"),
                vision.number("num_attention_heads"),
                vision.number("intermediate_size"),
                patch,
                grid * grid,
                vision.real("layer_norm_eps", 1e-6),
                norm.equals("rms_norm"),
                vision.flag("qk_normalization", true),
                vision.flag("qkv_bias", false));
    }

    private static LanguageConfig language(ConfigReader language) {
        if (language.has("quantization_config")) {
            throw new CheckpointException(language.place("quantization_config")
                    + ": quantized weights are not supported by this version; use the checkpoint it was made from");
        }
        String type = language.text("model_type", "");
        Family family = switch (type) {
            case "qwen2" -> Family.QWEN2;
            case "internlm2" -> Family.INTERNLM2;
            default -> throw language.wrong("model_type", type, "qwen2, internlm2");
        };
        String activation = language.text("hidden_act", "silu");
        if (!activation.equals("silu")) {
            throw language.wrong("hidden_act", activation, "silu");
        }
        int width = language.number("hidden_size");
        int heads = language.number("num_attention_heads");
        int kvHeads = language.number("num_key_value_heads", heads);
        if (width % heads != 0 || heads % kvHeads != 0) {
            throw language.wrong("num_attention_heads", heads, "a divisor of hidden_size and multiple of key heads");
        }
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
                family == Family.INTERNLM2 ? ropeFactor(language) : 0, // the reference's Qwen2 ignores rope_scaling
                language.number("max_position_embeddings"),
                family == Family.QWEN2 || language.flag("bias", false),
                language.flag("tie_word_embeddings", false));
    }

    private static double ropeFactor(ConfigReader language) {
        if (!language.has("rope_scaling")) {
            return 0;
        }
        ConfigReader scaling = language.section("rope_scaling");
        String type = scaling.text("type", "");
        if (!type.equals("dynamic")) {
            throw scaling.wrong("type", type, "dynamic");
        }
        return scaling.real("factor", 1);
    }
}
