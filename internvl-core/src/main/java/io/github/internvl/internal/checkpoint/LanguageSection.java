package io.github.internvl.internal.checkpoint;

import io.github.internvl.internal.checkpoint.ModelConfig.Experts;
import io.github.internvl.internal.checkpoint.ModelConfig.Family;
import io.github.internvl.internal.checkpoint.ModelConfig.GenerationDefaults;
import io.github.internvl.internal.checkpoint.ModelConfig.LanguageConfig;
import io.github.internvl.internal.torch.NumberFormat;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Reads the language model's section: {@code llm_config} of the official layout, {@code text_config} of transformers' own.
 * Both have the keys of transformers' classes; biases differ.
 */
final class LanguageSection {
    private static final int QWEN3_HEAD_WIDTH = 128;

    private final ConfigReader language;
    private final ConfigReader config;

    /**
     * A reader of one file.
     *
     * @param language the section
     * @param config the whole file
     */
    LanguageSection(ConfigReader language, ConfigReader config) {
        this.language = language;
        this.config = config;
    }

    /** Which model it is; refuses others. */
    Family family(Family... supported) {
        String[] names = new String[supported.length];
        for (int i = 0; i < names.length; i++) {
            names[i] = supported[i].modelType();
        }
        String found = language.one("model_type", names);
        return supported[List.of(names).indexOf(found)];
    }

    /**
     * All that the section says.
     *
     * @param rope its rotary embeddings, as they apply
     * @param tied whether a file without a head has the embedding as its head
     */
    LanguageConfig read(Family family, RopeConfig rope, boolean tied) {
        requireKnownKinds();
        if (family == Family.PHI3
                && language.has("sliding_window")
                && language.number("sliding_window") < language.number("max_position_embeddings")) {
            throw language.wrong( // it has no switch beside it
                    "sliding_window", language.number("sliding_window"), "no window below max_position_embeddings");
        }
        int width = language.number("hidden_size");
        int heads = language.number("num_attention_heads");
        int kvHeads = keyHeads(heads);
        boolean attentionBias = attentionBias(family);
        return new LanguageConfig(
                family,
                language.number("vocab_size"),
                language.number("num_hidden_layers"),
                width,
                heads,
                kvHeads,
                headWidth(family, width, heads),
                language.number("intermediate_size"),
                language.positive("rms_norm_eps"),
                rope,
                language.number("max_position_embeddings"),
                attentionBias,
                attentionBias && family != Family.QWEN2,
                tied,
                Quantization.group(config, language),
                experts(family));
    }

    /** Absent keys have the meaning of transformers' class where published files leave them out. */
    private Experts experts(Family family) {
        if (family != Family.QWEN3_MOE) {
            return Experts.NONE;
        }
        int count = language.number("num_experts");
        int chosen = language.number("num_experts_per_tok");
        if (chosen > count) {
            throw language.wrong("num_experts_per_tok", chosen, "1.." + count + ", up to num_experts");
        }
        return new Experts(
                count,
                chosen,
                language.number("moe_intermediate_size"),
                language.flag("norm_topk_prob", false),
                language.number("decoder_sparse_step", 1),
                language.numbers("mlp_only_layers"));
    }

    /** The number format of the weights: {@code dtype} since transformers 4.56, {@code torch_dtype} before. */
    NumberFormat format() {
        String top = config.spelling("torch_dtype", "dtype");
        String inner = language.spelling("torch_dtype", "dtype");
        ConfigReader place = config.has(top) || !language.has(inner) ? config : language;
        String found = place.one(place == config ? top : inner, "bfloat16", "float16", "float32");
        return NumberFormat.valueOf(found.toUpperCase(Locale.ROOT));
    }

    /**
     * The tokens that the reference's list of generated ones begins with: transformers 4.37.2 put one there when it was given
     * embeddings; later ones, which alone know Qwen3, do not.
     */
    Set<Integer> beginIds() {
        boolean later = language.text("model_type").startsWith(Family.QWEN3.modelType());
        return later ? Set.of() : language.numbers("bos_token_id");
    }

    /** The generation settings of a file; {@code begin} are the ids that generated tokens begin with, one or none. */
    static GenerationDefaults generation(ConfigReader place, Set<Integer> begin) {
        OptionalInt first = begin.stream().mapToInt(Integer::intValue).findFirst();
        double temperature = place.real("temperature", 1);
        double topP = place.real("top_p", 1);
        return new GenerationDefaults(
                first,
                temperature > 0 ? temperature : 1, // 0 stands for greedy decoding
                Math.max(place.signed("top_k", 50), 0),
                topP >= 0 && topP <= 1 ? topP : 1);
    }

    /**
     * Whether linears of the attention have biases. Where {@code attention_bias} is absent, the tensors tell; transformers' own
     * default is that there are none.
     */
    private boolean attentionBias(Family family) {
        return switch (family) {
            case QWEN2 -> true;
            case INTERNLM2 -> language.flag("bias");
            case PHI3 -> false;
            case QWEN3, QWEN3_MOE, LLAMA -> language.flag("attention_bias", false);
        };
    }

    /** Null stands for as many as query heads in transformers' classes. */
    private int keyHeads(int heads) {
        String key = "num_key_value_heads";
        int kvHeads = language.names(key) && !language.has(key) ? heads : language.number(key);
        if (heads % kvHeads != 0) {
            throw language.wrong(key, kvHeads, "a divisor of num_attention_heads, " + heads);
        }
        return kvHeads;
    }

    /** Published files leave {@code head_dim} out where it follows from the width; absent from Qwen3's, it is its class's default. */
    private int headWidth(Family family, int width, int heads) {
        boolean follows = !language.has("head_dim") && family != Family.QWEN3;
        if (follows && width % heads != 0) {
            throw language.wrong("num_attention_heads", heads, "a divisor of hidden_size and multiple of key heads");
        }
        int headWidth = language.number("head_dim", follows ? width / heads : QWEN3_HEAD_WIDTH);
        if (headWidth % 2 != 0) {
            throw language.wrong(
                    language.has("head_dim") ? "head_dim" : "num_attention_heads",
                    language.has("head_dim") ? headWidth : heads,
                    "heads of an even width, for rotary embeddings");
        }
        return headWidth;
    }

    private void requireKnownKinds() {
        language.one(language.spelling("hidden_activation", "hidden_act"), "silu", "swish");
        if (language.has("norm_type")) {
            language.one("norm_type", "rms_norm");
        }
        language.expect("mlp_bias", false);
        boolean all = language.has("max_window_layers")
                && language.number("max_window_layers") >= language.number("num_hidden_layers");
        if (language.flag("use_sliding_window", false) && !all) {
            throw language.wrong("use_sliding_window", true, "false");
        }
        for (String kind : language.texts("layer_types")) {
            if (!kind.equals("full_attention")) {
                throw language.wrong("layer_types", kind, "full_attention");
            }
        }
    }
}
