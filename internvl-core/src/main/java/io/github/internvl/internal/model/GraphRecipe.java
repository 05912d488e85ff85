package io.github.internvl.internal.model;

import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.checkpoint.ModelConfig.LanguageConfig;
import io.github.internvl.internal.checkpoint.ModelConfig.VisionConfig;
import io.github.internvl.internal.torch.ScriptModule;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * How a graph is made without Java: the text that is packed, the weights to bind, and the calls that make a model of them.
 *
 * @param graph the file of its text
 * @param used the files that it uses, by the names that its text calls them
 * @param lists the names of its list attributes
 * @param weights what is bound, by the names of official checkpoints
 * @param calls what is called afterwards, in order
 */
record GraphRecipe(String graph, Map<String, String> used, List<String> lists, List<Weight> weights, List<Call> calls) {

    /** A call of a method of the graph: first come tables of weights, then the other arguments. */
    record Call(String method, List<String> tables, List<Object> arguments) {}

    static GraphRecipe vision(ModelConfig config, Models.Format format, LinearKernel linear) {
        VisionConfig vit = config.vision();
        int code = format.numbers().code();
        String device = format.places().vision();
        List<Call> calls = new ArrayList<>();
        calls.add(new Call(
                "build",
                List.of("first", "last"),
                List.of(code, device, format.places().projector())));
        for (int i = 0; i < vit.storedLayers(); i++) {
            calls.add(new Call(
                    "add", List.of("layers." + i), List.of(code, device, vit.heads(), vit.eps(), vit.qkNorm())));
        }
        Map<String, String> used = Map.of("linear", linear.file(), "weights", "weights", "layers", "layers");
        return new GraphRecipe("vision", used, List.of("model", "layers"), OfficialLayout.vision(config), calls);
    }

    /** That of the language model, with kernels for its layers' linears and for its head. */
    static GraphRecipe language(ModelConfig config, Models.Format format, LinearKernel layers, LinearKernel head) {
        LanguageConfig llm = config.language();
        Spread places = format.places();
        int code = format.numbers().code();
        List<Call> calls = new ArrayList<>();
        calls.add(new Call(
                "build",
                List.of("first", "last"),
                List.of(
                        code,
                        places.embedding(),
                        places.head(),
                        llm.heads(),
                        llm.kvHeads(),
                        llm.headWidth(),
                        llm.eps(),
                        llm.ropeBase(),
                        llm.ropeFactor(),
                        llm.positions())));
        for (int i = 0; i < llm.layers(); i++) {
            calls.add(new Call("add", List.of("layers." + i), List.of(code, places.layer(i))));
        }
        Map<String, String> used = Map.of(
                "linear",
                layers.file(),
                "head",
                head.file(),
                "quantize",
                "quantize",
                "cache",
                format.shortKeys() ? "cache_int8" : "cache",
                "weights",
                "weights",
                "layers",
                "layers");
        List<String> lists = List.of("model", "layers", "slots");
        return new GraphRecipe("decoder", used, lists, OfficialLayout.language(config), calls);
    }

    /** The weights that a call's table holds. */
    List<Weight> table(String name) {
        return weights.stream()
                .filter(weight -> tableOf(weight.name()).equals(name))
                .collect(Collectors.toList());
    }

    private static String tableOf(String weight) {
        if (GraphBuilder.isOfLayers(weight)) {
            return weight.substring(0, weight.indexOf('.', "layers.".length()));
        }
        return GraphBuilder.isAfterLayers(weight) ? "last" : "first";
    }

    /** The archive that libtorch loads. */
    byte[] archive() {
        return ScriptModule.archive(graph, used, lists);
    }
}
