package io.github.internvl.internal.model;

import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.checkpoint.ModelConfig.LanguageConfig;
import io.github.internvl.internal.checkpoint.ModelConfig.VisionConfig;
import java.util.List;
import java.util.Set;

/**
 * The tensors of a checkpoint in transformers' own layout ({@code *-hf}): graph name, published name, shape. Older writers
 * begin names with the part, newer ones with {@code model.}.
 */
final class NativeLayout {
    private final ModelConfig config;
    private final boolean newer;

    /**
     * Finds out which writer's names a checkpoint has.
     *
     * @param names of all of its tensors
     */
    NativeLayout(ModelConfig config, Set<String> names) {
        this.config = config;
        this.newer = names.stream().anyMatch(name -> name.startsWith("model."));
    }

    /** The tensors of the vision graph: ViT and projector. */
    List<Weight> vision() {
        WeightTable table = new WeightTable(0);
        VisionConfig vit = config.vision();
        String from = (newer ? "model." : "") + "vision_tower.embeddings.";
        long d = vit.width();
        table.add("patch.weight", from + "patch_embeddings.projection.weight", d, 3, vit.patch(), vit.patch());
        table.add("patch.bias", from + "patch_embeddings.projection.bias", d);
        table.add("class_token", from + "cls_token", 1, 1, d);
        table.add("positions", from + "position_embeddings", 1, 1 + vit.patches(), d);
        for (int i = 0; i < vit.storedLayers(); i++) {
            layer(table, vit, "layers." + i + ".", (newer ? "model." : "") + "vision_tower.encoder.layer." + i + ".");
        }
        String projector = (newer ? "model." : "") + "multi_modal_projector.";
        long joined = d * config.unshuffle() * config.unshuffle();
        long width = config.language().width();
        table.norm("mlp.norm", projector + "layer_norm", joined, false);
        table.linear("mlp.in", projector + "linear_1", width, joined, true);
        table.linear("mlp.out", projector + "linear_2", width, width, true);
        return table.weights();
    }

    private static void layer(WeightTable table, VisionConfig vit, String to, String from) {
        long d = vit.width();
        table.norm(to + "norm1", from + "layernorm_before", d, vit.rmsNorm());
        table.linear(to + "q", from + "attention.q_proj", d, d, vit.qkvBias());
        table.linear(to + "k", from + "attention.k_proj", d, d, vit.qkvBias());
        table.linear(to + "v", from + "attention.v_proj", d, d, vit.qkvBias());
        if (vit.qkNorm()) {
            table.norm(to + "q_norm", from + "attention.q_norm", d, true);
            table.norm(to + "k_norm", from + "attention.k_norm", d, true);
        }
        table.linear(to + "proj", from + "attention.projection_layer", d, d, true);
        table.add(to + "ls1", from + "lambda_1", d);
        table.norm(to + "norm2", from + "layernorm_after", d, vit.rmsNorm());
        table.linear(to + "fc1", from + "mlp.fc1", vit.mlpWidth(), d, true);
        table.linear(to + "fc2", from + "mlp.fc2", d, vit.mlpWidth(), true);
        table.add(to + "ls2", from + "lambda_2", d);
    }

    /** The tensors of the language graph; Qwen2 and Llama have the same names. */
    List<Weight> language() {
        LanguageConfig llm = config.language();
        WeightTable table = new WeightTable(llm.packedGroup());
        OfficialLayout.qwen2(
                table,
                llm,
                newer ? "model.language_model." : "language_model.model.",
                newer ? "lm_head" : "language_model.lm_head");
        return table.weights();
    }
}
