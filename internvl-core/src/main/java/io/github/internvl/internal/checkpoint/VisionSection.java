package io.github.internvl.internal.checkpoint;

import io.github.internvl.internal.checkpoint.ModelConfig.VisionConfig;

/**
 * Reads the ViT's section, whose keys differ a little between the two layouts.
 *
 * @param layer the key of the whole file that names the layer to take
 * @param qkNorm the key of queries' and keys' norms
 * @param qkvBias the key of their biases
 */
record VisionSection(String layer, String qkNorm, String qkvBias) {
    static final VisionSection OFFICIAL = new VisionSection("select_layer", "qk_normalization", "qkv_bias");
    static final VisionSection NATIVE = new VisionSection("vision_feature_layer", "use_qk_norm", "attention_bias");

    VisionConfig read(ConfigReader vision, ConfigReader config) {
        int stored = vision.number("num_hidden_layers");
        int width = vision.number("hidden_size");
        int heads = vision.number("num_attention_heads");
        RopeConfig.refuseUnknown(vision);
        vision.one(vision.spelling("hidden_activation", "hidden_act"), "gelu");
        if (width % heads != 0) {
            throw vision.wrong("num_attention_heads", heads, "a divisor of hidden_size, " + width);
        }
        if (vision.number("num_channels", 3) != 3) {
            throw vision.wrong("num_channels", vision.number("num_channels"), "3");
        }
        int patch = vision.side("patch_size");
        int grid = vision.side("image_size") / patch;
        return new VisionConfig(
                layers(config, stored),
                stored,
                width,
                heads,
                vision.number("intermediate_size"),
                patch,
                grid * grid,
                vision.positive("layer_norm_eps"),
                vision.one("norm_type", "layer_norm", "rms_norm").equals("rms_norm"),
                vision.flag(qkNorm),
                vision.flag(qkvBias));
    }

    /** Layers that run, from an index of [embeddings, layer 1, ..., layer n]. */
    private int layers(ConfigReader config, int stored) {
        int select = config.signed(layer);
        int layers = select < 0 ? stored + 1 + select : select;
        if (layers < 0 || layers > stored) {
            throw config.wrong(layer, select, "an index of embeddings and " + stored + " layers");
        }
        return layers;
    }

    /** Patches that one visual token joins along a side: 1 / {@code downsample_ratio}. */
    static int unshuffle(ConfigReader config, int tileSize, int patch) {
        double ratio = config.positive("downsample_ratio");
        int unshuffle = (int) Math.round(1 / ratio);
        if (unshuffle < 1
                || Math.abs(ratio * unshuffle - 1) > 1e-6
                || tileSize % patch != 0
                || tileSize / patch % unshuffle != 0) {
            throw config.wrong(
                    "downsample_ratio",
                    ratio + " for tiles of " + tileSize + " and patches of " + patch,
                    "a whole number of patches that the ratio divides");
        }
        return unshuffle;
    }
}
