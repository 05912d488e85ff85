package io.github.internvl.internal.model;

import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.checkpoint.ModelConfig.Family;
import io.github.internvl.internal.checkpoint.ModelConfig.LanguageConfig;
import io.github.internvl.internal.checkpoint.ModelConfig.VisionConfig;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The tensors of a checkpoint: graph name, published name, shape. Tables map the graph's names to those of a layout; where
 * a table has one matrix for queries, keys and values, so has the graph: {@code wqkv} with all query heads first, {@code
 * grouped} with the query heads of each key head beside it.
 */
record Layout(
        ModelConfig config,
        Map<String, String> visionNames,
        String visionPrefix,
        Map<String, String> languageNames,
        String languagePrefix,
        String head) {
    /** {@code OpenGVLab/InternVL2_5-*}. */
    private static final Map<String, String> OFFICIAL_VISION = names("""
            patch        vision_model.embeddings.patch_embedding
            class_token  vision_model.embeddings.class_embedding
            positions    vision_model.embeddings.position_embedding
            layers.      vision_model.encoder.layers.
            norm1        norm1
            qkv          attn.qkv
            q_norm       attn.q_norm
            k_norm       attn.k_norm
            proj         attn.proj
            ls1          ls1
            norm2        norm2
            fc1          mlp.fc1
            fc2          mlp.fc2
            ls2          ls2
            mlp.norm     mlp1.0
            mlp.in       mlp1.1
            mlp.out      mlp1.3
            """);

    /** Transformers' own, {@code *-hf}. */
    private static final Map<String, String> NATIVE_VISION = names("""
            patch        vision_tower.embeddings.patch_embeddings.projection
            class_token  vision_tower.embeddings.cls_token
            positions    vision_tower.embeddings.position_embeddings
            layers.      vision_tower.encoder.layer.
            norm1        layernorm_before
            q            attention.q_proj
            k            attention.k_proj
            v            attention.v_proj
            q_norm       attention.q_norm
            k_norm       attention.k_norm
            proj         attention.projection_layer
            ls1          lambda_1
            norm2        layernorm_after
            fc1          mlp.fc1
            fc2          mlp.fc2
            ls2          lambda_2
            mlp.norm     multi_modal_projector.layer_norm
            mlp.in       multi_modal_projector.linear_1
            mlp.out      multi_modal_projector.linear_2
            """);

    private static final Map<String, String> INTERNLM2 = names("""
            embedding       tok_embeddings
            layers.         layers.
            attention_norm  attention_norm
            grouped         attention.wqkv
            wo              attention.wo
            mlp_norm        ffn_norm
            gate            feed_forward.w1
            up              feed_forward.w3
            down            feed_forward.w2
            norm            norm
            """);

    /** The classes of transformers itself: Qwen2, Qwen3, which alone has norms of heads and experts, and Llama. */
    private static final Map<String, String> TRANSFORMERS = names("""
            embedding       embed_tokens
            layers.         layers.
            attention_norm  input_layernorm
            wq              self_attn.q_proj
            wk              self_attn.k_proj
            wv              self_attn.v_proj
            q_norm          self_attn.q_norm
            k_norm          self_attn.k_norm
            wo              self_attn.o_proj
            mlp_norm        post_attention_layernorm
            gate            mlp.gate_proj
            up              mlp.up_proj
            down            mlp.down_proj
            router          mlp.gate
            experts.        mlp.experts.
            norm            norm
            """);

    /** Phi-3: one matrix for queries, keys and values, one for gate and up. */
    private static final Map<String, String> PHI3 = names("""
            embedding       embed_tokens
            layers.         layers.
            attention_norm  input_layernorm
            wqkv            self_attn.qkv_proj
            wo              self_attn.o_proj
            mlp_norm        post_attention_layernorm
            gate_up         mlp.gate_up_proj
            down            mlp.down_proj
            norm            norm
            """);

    private static Map<String, String> names(String table) {
        return table.lines()
                .map(line -> line.split(" +"))
                .collect(Collectors.toUnmodifiableMap(line -> line[0], line -> line[1]));
    }

    /** The official layout of a model, in whatever layout its checkpoint is. */
    static Layout official(ModelConfig config) {
        Family family = config.language().family();
        Map<String, String> names = switch (family) {
            case INTERNLM2 -> INTERNLM2;
            case PHI3 -> PHI3;
            case QWEN2, QWEN3, QWEN3_MOE, LLAMA -> TRANSFORMERS;
        };
        String head = family == Family.INTERNLM2 ? "language_model.output" : "language_model.lm_head";
        return new Layout(config, OFFICIAL_VISION, "", names, "language_model.model.", head);
    }

    /**
     * The layout of a checkpoint. In transformers' own, older writers begin names with the part, newer ones with {@code
     * model.}.
     *
     * @param tensors the names of all of its tensors
     */
    static Layout of(ModelConfig config, Set<String> tensors) {
        if (config.layout() != ModelConfig.Layout.NATIVE) {
            return official(config);
        }
        boolean newer = tensors.stream().anyMatch(name -> name.startsWith("model."));
        return newer
                ? new Layout(config, NATIVE_VISION, "model.", TRANSFORMERS, "model.language_model.", "lm_head")
                : new Layout(
                        config, NATIVE_VISION, "", TRANSFORMERS, "language_model.model.", "language_model.lm_head");
    }

    /** The tensors of the vision graph: ViT and projector. */
    List<Weight> vision() {
        VisionConfig vit = config.vision();
        long d = vit.width();
        WeightTable table = new WeightTable(visionNames, visionPrefix, 0);
        table.add("patch", ".weight", d, 3, vit.patch(), vit.patch());
        table.add("patch", ".bias", d);
        table.add("class_token", "", 1, 1, d);
        table.add("positions", "", 1, 1 + vit.patches(), d);
        for (int i = 0; i < vit.storedLayers(); i++) {
            layer(table.layer(i), vit);
        }
        long joined = d * config.unshuffle() * config.unshuffle();
        long width = config.language().width();
        table.norm("mlp.norm", joined, false);
        table.linear("mlp.in", width, joined, true);
        table.linear("mlp.out", width, width, true);
        return table.weights();
    }

    private static void layer(WeightTable table, VisionConfig vit) {
        long d = vit.width();
        table.norm("norm1", d, vit.rmsNorm());
        if (table.has("qkv")) {
            table.linear("qkv", 3 * d, d, vit.qkvBias());
        } else {
            table.linear("q", d, d, vit.qkvBias());
            table.linear("k", d, d, vit.qkvBias());
            table.linear("v", d, d, vit.qkvBias());
        }
        if (vit.qkNorm()) {
            table.norm("q_norm", d, true);
            table.norm("k_norm", d, true);
        }
        table.linear("proj", d, d, true);
        table.add("ls1", "", d);
        table.norm("norm2", d, vit.rmsNorm());
        table.linear("fc1", vit.mlpWidth(), d, true);
        table.linear("fc2", d, vit.mlpWidth(), true);
        table.add("ls2", "", d);
    }

    /** The tensors of the language graph. */
    List<Weight> language() {
        LanguageConfig llm = config.language();
        WeightTable table = new WeightTable(languageNames, languagePrefix, llm.packedGroup());
        table.add("embedding", ".weight", llm.vocabulary(), llm.width());
        for (int i = 0; i < llm.layers(); i++) {
            layer(table.layer(i), llm, llm.experts().isMixture(i));
        }
        table.norm("norm", llm.width(), true);
        table.head(head, llm.tied(), llm.vocabulary(), llm.width());
        return table.weights();
    }

    private static void layer(WeightTable table, LanguageConfig llm, boolean mixture) {
        long h = llm.width();
        long queries = (long) llm.heads() * llm.headWidth();
        long keys = (long) llm.kvHeads() * llm.headWidth();
        table.norm("attention_norm", h, true);
        if (table.has("grouped") || table.has("wqkv")) {
            String fused = table.has("grouped") ? "grouped" : "wqkv";
            table.packable(fused, queries + 2 * keys, h, llm.attentionBias());
        } else {
            table.packable("wq", queries, h, llm.attentionBias());
            table.packable("wk", keys, h, llm.attentionBias());
            table.packable("wv", keys, h, llm.attentionBias());
        }
        if (llm.family().normsHeads()) {
            table.norm("q_norm", llm.headWidth(), true);
            table.norm("k_norm", llm.headWidth(), true);
        }
        table.packable("wo", h, queries, llm.outputBias());
        table.norm("mlp_norm", h, true);
        if (mixture) {
            table.linear("router", llm.experts().count(), h, false);
            for (int i = 0; i < llm.experts().count(); i++) {
                mlp(table.expert(i), llm.experts().width(), h);
            }
        } else if (table.has("gate_up")) {
            table.packable("gate_up", 2L * llm.mlpWidth(), h, false);
            table.packable("down", h, llm.mlpWidth(), false);
        } else {
            mlp(table, llm.mlpWidth(), h);
        }
    }

    private static void mlp(WeightTable table, long width, long h) {
        if (table.has("gate_up")) {
            table.packable("gate_up", 2L * width, h, false);
        } else {
            table.packable("gate", width, h, false);
            table.packable("up", width, h, false);
        }
        table.packable("down", h, width, false);
    }
}
