package io.github.internvl.internal.model;

import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.checkpoint.ModelConfig.Family;
import io.github.internvl.internal.checkpoint.ModelConfig.LanguageConfig;
import io.github.internvl.internal.checkpoint.ModelConfig.VisionConfig;
import java.util.List;

/** The tensors of an official checkpoint ({@code OpenGVLab/InternVL2_5-*}): graph name, published name, shape. */
final class OfficialLayout {
    private OfficialLayout() {}

    /** The tensors of the vision graph: ViT and projector. */
    static List<Weight> vision(ModelConfig config) {
        WeightTable table = new WeightTable(0);
        vit(table, config.vision());
        long joined = (long) config.vision().width() * config.unshuffle() * config.unshuffle();
        long width = config.language().width();
        table.norm("mlp.norm", "mlp1.0", joined, false);
        table.linear("mlp.in", "mlp1.1", width, joined, true);
        table.linear("mlp.out", "mlp1.3", width, width, true);
        return table.weights();
    }

    /** The tensors of the language graph. */
    static List<Weight> language(ModelConfig config) {
        WeightTable table = new WeightTable(config.language().packedGroup());
        if (config.language().family() == Family.QWEN2) {
            qwen2(table, config.language(), "language_model.model.", "language_model.lm_head");
        } else {
            internlm2(table, config.language());
        }
        return table.weights();
    }

    private static void vit(WeightTable table, VisionConfig vit) {
        String from = "vision_model.embeddings.";
        long d = vit.width();
        table.add("patch.weight", from + "patch_embedding.weight", d, 3, vit.patch(), vit.patch());
        table.add("patch.bias", from + "patch_embedding.bias", d);
        table.add("class_token", from + "class_embedding", 1, 1, d);
        table.add("positions", from + "position_embedding", 1, 1 + vit.patches(), d);
        for (int i = 0; i < vit.storedLayers(); i++) {
            String to = "layers." + i + ".";
            from = "vision_model.encoder.layers." + i + ".";
            table.norm(to + "norm1", from + "norm1", d, vit.rmsNorm());
            table.linear(to + "qkv", from + "attn.qkv", 3 * d, d, vit.qkvBias());
            if (vit.qkNorm()) {
                table.norm(to + "q_norm", from + "attn.q_norm", d, true);
                table.norm(to + "k_norm", from + "attn.k_norm", d, true);
            }
            table.linear(to + "proj", from + "attn.proj", d, d, true);
            table.add(to + "ls1", from + "ls1", d);
            table.norm(to + "norm2", from + "norm2", d, vit.rmsNorm());
            table.linear(to + "fc1", from + "mlp.fc1", vit.mlpWidth(), d, true);
            table.linear(to + "fc2", from + "mlp.fc2", d, vit.mlpWidth(), true);
            table.add(to + "ls2", from + "ls2", d);
        }
    }

    /**
     * The names of transformers' Qwen2, which its Llama shares.
     *
     * @param model what the names of all but the head begin with
     * @param head the name of the head
     */
    static void qwen2(WeightTable table, LanguageConfig llm, String model, String head) {
        long h = llm.width();
        long queries = (long) llm.heads() * llm.headWidth();
        long keys = (long) llm.kvHeads() * llm.headWidth();
        table.add("embedding.weight", model + "embed_tokens.weight", llm.vocabulary(), h);
        for (int i = 0; i < llm.layers(); i++) {
            String to = "layers." + i + ".";
            String from = model + "layers." + i + ".";
            table.norm(to + "attention_norm", from + "input_layernorm", h, true);
            table.packable(to + "wq", from + "self_attn.q_proj", queries, h, llm.attentionBias());
            table.packable(to + "wk", from + "self_attn.k_proj", keys, h, llm.attentionBias());
            table.packable(to + "wv", from + "self_attn.v_proj", keys, h, llm.attentionBias());
            table.packable(to + "wo", from + "self_attn.o_proj", h, queries, llm.outputBias());
            table.norm(to + "mlp_norm", from + "post_attention_layernorm", h, true);
            table.packable(to + "gate", from + "mlp.gate_proj", llm.mlpWidth(), h, false);
            table.packable(to + "up", from + "mlp.up_proj", llm.mlpWidth(), h, false);
            table.packable(to + "down", from + "mlp.down_proj", h, llm.mlpWidth(), false);
        }
        table.norm("norm", model + "norm", h, true);
        head(table, llm, head + ".weight");
    }

    private static void internlm2(WeightTable table, LanguageConfig llm) {
        long h = llm.width();
        long queries = (long) llm.heads() * llm.headWidth();
        long keys = (long) llm.kvHeads() * llm.headWidth();
        table.add("embedding.weight", "language_model.model.tok_embeddings.weight", llm.vocabulary(), h);
        for (int i = 0; i < llm.layers(); i++) {
            String to = "layers." + i + ".";
            String from = "language_model.model.layers." + i + ".";
            table.norm(to + "attention_norm", from + "attention_norm", h, true);
            table.packable(to + "wqkv", from + "attention.wqkv", queries + 2 * keys, h, llm.attentionBias());
            table.packable(to + "wo", from + "attention.wo", h, queries, llm.outputBias());
            table.norm(to + "mlp_norm", from + "ffn_norm", h, true);
            table.packable(to + "gate", from + "feed_forward.w1", llm.mlpWidth(), h, false);
            table.packable(to + "up", from + "feed_forward.w3", llm.mlpWidth(), h, false);
            table.packable(to + "down", from + "feed_forward.w2", h, llm.mlpWidth(), false);
        }
        table.norm("norm", "language_model.model.norm", h, true);
        head(table, llm, "language_model.output.weight");
    }

    private static void head(WeightTable table, LanguageConfig llm, String stored) {
        if (llm.tied()) {
            table.tied("head.weight", stored, "embedding.weight", llm.vocabulary(), llm.width());
        } else {
            table.add("head.weight", stored, llm.vocabulary(), llm.width());
        }
    }
}
