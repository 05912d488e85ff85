package io.github.internvl.internal.model;

import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.internal.torch.ScriptModule;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * The two graphs of a model with their weights.
 *
 * @param vision tiles to visual tokens
 * @param language tokens to logits
 */
public record Models(VisionEncoder vision, LanguageModel language) implements AutoCloseable {
    private static final List<String> USED = List.of("weights", "linear", "layers");
    private static final List<String> TABLES = List.of("tensors");

    /**
     * Loads a checkpoint.
     *
     * @param format the number format to compute in
     * @param device {@code cpu} or {@code cuda:N}
     * @param progress hears of the bytes bound, after each tensor
     */
    public static Models load(Checkpoint checkpoint, NumberFormat format, String device, LongConsumer progress) {
        ModelConfig config = checkpoint.config();
        List<Weight> vision = OfficialLayout.vision(config);
        List<Weight> language = OfficialLayout.language(config);
        List<Weight> all = new ArrayList<>(vision);
        all.addAll(language);
        WeightLoader.check(checkpoint, all);
        WeightLoader loader = new WeightLoader(checkpoint, format, device, progress);
        VisionEncoder encoder = vision(config, loader, vision);
        try {
            return new Models(encoder, language(config, loader, language));
        } catch (RuntimeException | Error e) {
            encoder.close();
            throw e;
        }
    }

    private static VisionEncoder vision(ModelConfig config, WeightLoader loader, List<Weight> weights) {
        ModelConfig.VisionConfig vit = config.vision();
        ScriptModule graph = compile(
                "vision", List.of("model"), loader, weights, vit.storedLayers(), vit.heads(), vit.eps(), vit.qkNorm());
        return new VisionEncoder(graph, config);
    }

    private static LanguageModel language(ModelConfig config, WeightLoader loader, List<Weight> weights) {
        ModelConfig.LanguageConfig llm = config.language();
        ScriptModule graph = compile(
                "decoder",
                List.of("model", "slots"),
                loader,
                weights,
                llm.layers(),
                llm.heads(),
                llm.kvHeads(),
                llm.headWidth(),
                llm.eps(),
                llm.ropeBase(),
                llm.ropeFactor(),
                llm.positions());
        return new LanguageModel(graph, llm);
    }

    /** Compiles a graph, binds its weights and builds its layers from them. */
    private static ScriptModule compile(
            String graph, List<String> lists, WeightLoader loader, List<Weight> weights, Object... sizes) {
        ScriptModule module = ScriptModule.compile(graph, USED, TABLES, lists);
        try {
            loader.bind(module, weights);
            module.run("build", sizes);
            return module;
        } catch (RuntimeException | Error e) {
            module.close();
            throw e;
        }
    }

    @Override
    public void close() {
        vision.close();
        language.close();
    }
}
