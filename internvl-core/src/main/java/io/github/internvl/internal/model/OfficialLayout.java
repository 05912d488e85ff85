package io.github.internvl.internal.model;

import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.checkpoint.ModelConfig.Family;
import io.github.internvl.internal.checkpoint.ModelConfig.LanguageConfig;
import io.github.internvl.internal.checkpoint.ModelConfig.VisionConfig;
import java.util.ArrayList;
import java.util.List;

/** The tensors of an official checkpoint ({@code OpenGVLab/InternVL2_5-*}): graph name, published name, shape. */
final class OfficialLayout {
    private final List<Weight> weights = new ArrayList<>();

    private OfficialLayout() {}

    /** What the vision graph needs: ViT and projector. */
    static List<Weight> vision(ModelConfig config) {
        OfficialLayout layout = new OfficialLayout();
        layout.vit(config.vision());
        long joined = (long) config.vision().width() * config.unshuffle() * config.unshuffle();
        long width = config.language().width();
        layout.add("mlp.norm.weight", "mlp1.0.weight", joined);
        layout.add("mlp.norm.bias", "mlp1.0.bias", joined);
        layout.linear("mlp.in", "mlp1.1", width, joined, true);
        layout.linear("mlp.out", "mlp1.3", width, width, true);
        return layout.weights;
    }

    /** What the language graph needs. */
    static List<Weight> language(ModelConfig config) {
        OfficialLayout layout = new OfficialLayout();
        if (config.language().family() == Family.QWEN2) {
            layout.qwen2(config.language());
        } else {
            layout.internlm2(config.language());
        }
        return layout.weights;
    }

    private void vit(VisionConfig vit) {
        String from = "vision_model.embeddings.";
        long d = vit.width();
        add("patch.weight", from + "patch_embedding.weight", d, 3, vit.patch(), vit.patch());
        add("patch.bias", from + "patch_embedding.bias", d);
        add("class_token", from + "class_embedding", 1, 1, d);
        add("positions", from + "position_embedding", 1, 1 + vit.patches(), d);
        for (int i = 0; i < vit.storedLayers(); i++) {
            String to = "layers." + i + ".";
            from = "vision_model.encoder.layers." + i + ".";
            norm(to + "norm1", from + "norm1", d, vit.rmsNorm());
            linear(to + "qkv", from + "attn.qkv", 3 * d, d, vit.qkvBias());
            if (vit.qkNorm()) {
                norm(to + "q_norm", from + "attn.q_norm", d, true);
                norm(to + "k_norm", from + "attn.k_norm", d, true);
            }
            linear(to + "proj", from + "attn.proj", d, d, true);
            add(to + "ls1", from + "ls1", d);
            norm(to + "norm2", from + "norm2", d, vit.rmsNorm());
            linear(to + "fc1", from + "mlp.fc1", vit.mlpWidth(), d, true);
            linear(to + "fc2", from + "mlp.fc2", d, vit.mlpWidth(), true);
            add(to + "ls2", from + "ls2", d);
        }
    }

    private void qwen2(LanguageConfig llm) {
        long h = llm.width();
        long queries = (long) llm.heads() * llm.headWidth();
        long keys = (long) llm.kvHeads() * llm.headWidth();
        add("embedding.weight", "language_model.model.embed_tokens.weight", llm.vocabulary(), h);
        for (int i = 0; i < llm.layers(); i++) {
            String to = "layers." + i + ".";
            String from = "language_model.model.layers." + i + ".";
            norm(to + "attention_norm", from + "input_layernorm", h, true);
            linear(to + "wq", from + "self_attn.q_proj", queries, h, llm.attentionBias());
            linear(to + "wk", from + "self_attn.k_proj", keys, h, llm.attentionBias());
            linear(to + "wv", from + "self_attn.v_proj", keys, h, llm.attentionBias());
            linear(to + "wo", from + "self_attn.o_proj", h, queries, false);
            norm(to + "mlp_norm", from + "post_attention_layernorm", h, true);
            linear(to + "gate", from + "mlp.gate_proj", llm.mlpWidth(), h, false);
            linear(to + "up", from + "mlp.up_proj", llm.mlpWidth(), h, false);
            linear(to + "down", from + "mlp.down_proj", h, llm.mlpWidth(), false);
        }
        norm("norm", "language_model.model.norm", h, true);
        weights.add(new Weight("head.weight", "language_model.lm_head.weight", llm.tied(), llm.vocabulary(), h));
    }

    private void internlm2(LanguageConfig llm) {
        long h = llm.width();
        long queries = (long) llm.heads() * llm.headWidth();
        long keys = (long) llm.kvHeads() * llm.headWidth();
        add("embedding.weight", "language_model.model.tok_embeddings.weight", llm.vocabulary(), h);
        for (int i = 0; i < llm.layers(); i++) {
            String to = "layers." + i + ".";
            String from = "language_model.model.layers." + i + ".";
            norm(to + "attention_norm", from + "attention_norm", h, true);
            linear(to + "wqkv", from + "attention.wqkv", queries + 2 * keys, h, llm.attentionBias());
            linear(to + "wo", from + "attention.wo", h, queries, llm.attentionBias());
            norm(to + "mlp_norm", from + "ffn_norm", h, true);
            linear(to + "gate", from + "feed_forward.w1", llm.mlpWidth(), h, false);
            linear(to + "up", from + "feed_forward.w3", llm.mlpWidth(), h, false);
            linear(to + "down", from + "feed_forward.w2", h, llm.mlpWidth(), false);
        }
        norm("norm", "language_model.model.norm", h, true);
        weights.add(new Weight("head.weight", "language_model.output.weight", llm.tied(), llm.vocabulary(), h));
    }

    private void norm(String name, String stored, long width, boolean rms) {
        add(name + ".weight", stored + ".weight", width);
        if (!rms) {
            add(name + ".bias", stored + ".bias", width);
        }
    }

    private void linear(String name, String stored, long outputs, long inputs, boolean bias) {
        add(name + ".weight", stored + ".weight", outputs, inputs);
        if (bias) {
            add(name + ".bias", stored + ".bias", outputs);
        }
    }

    private void add(String name, String stored, long... shape) {
        weights.add(new Weight(name, stored, false, shape));
    }
}
