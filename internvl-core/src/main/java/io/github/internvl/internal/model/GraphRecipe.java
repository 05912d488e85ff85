package io.github.internvl.internal.model;

import io.github.internvl.DevicePlan;
import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.checkpoint.ModelConfig.LanguageConfig;
import io.github.internvl.internal.checkpoint.ModelConfig.VisionConfig;
import io.github.internvl.internal.torch.CudaDevices;
import io.github.internvl.internal.torch.ScriptModule;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * How a graph is made: the text that is packed, the weights to bind, and what makes a model of them.
 *
 * @param graph the file of its text
 * @param used the files that stand behind names of its text, such as {@code linear}, {@code attention}, {@code mlp}
 * @param weights what is bound
 * @param numbers PyTorch's code of the format that is computed in
 * @param sizes what {@code build} takes after that
 * @param devices the device of each layer
 * @param layer what {@code make_layer} takes after those and the layer's number
 */
record GraphRecipe(
        String graph,
        Map<String, String> used,
        List<Weight> weights,
        int numbers,
        List<Object> sizes,
        List<String> devices,
        List<Object> layer) {
    private static final String LAYERS = "layers.";

    /** A call of a method of the graph: first come tables of weights, then the other arguments. */
    record Call(String method, List<String> tables, List<Object> arguments) {}

    /** That of ViT and projector, with kernels for the ViT's linears and for the projector's. */
    static GraphRecipe vision(
            ModelConfig config, Models.Format format, List<Weight> weights, LinearKernel layers, LinearKernel wide) {
        VisionConfig vit = config.vision();
        String device = format.places().vision();
        Map<String, String> used =
                common(Set.copyOf(List.of(device, format.places().projector())));
        used.put("linear", layers.file());
        used.put("projector", wide.file());
        used.put(
                "attention",
                AttentionKernel.ofTiles(vit, format.numbers(), device).file());
        return new GraphRecipe(
                "vision",
                used,
                weights,
                format.numbers().code(),
                List.of(device, format.places().projector()),
                Collections.nCopies(vit.storedLayers(), device),
                List.of(vit.heads(), vit.eps(), vit.qkNorm()));
    }

    /**
     * That of the language model.
     *
     * @param layers the kernels for its layers' linears, by whether they are on a GPU
     */
    static GraphRecipe language(
            ModelConfig config,
            Models.Format format,
            List<Weight> weights,
            Map<Boolean, LinearKernel> layers,
            LinearKernel head) {
        LanguageConfig llm = config.language();
        DevicePlan places = format.places();
        List<String> devices =
                IntStream.range(0, llm.layers()).mapToObj(places::layer).toList();
        Set<String> all = new HashSet<>(devices);
        all.addAll(List.of(places.embedding(), places.head()));
        Map<String, String> used = common(all);
        if (layers.size() == 1) {
            used.put("linear", layers.values().iterator().next().file());
        } else {
            used.put("linear", "by_device");
            layers.forEach((cuda, kernel) -> used.put(cuda ? "on_cuda" : "on_cpu", kernel.file()));
        }
        used.put("head", head.file());
        used.put("cache", format.shortKeys() ? "cache_int8" : "cache");
        AttentionKernel attention = AttentionKernel.ofPrompts(llm, format.numbers(), all);
        used.put("attention", attention.file());
        used.put("static_slots", attention.slotsFile(format.numbers(), format.shortKeys()));
        used.put("mlp", llm.experts().count() > 0 ? "moe" : "gated");
        List<Object> sizes = List.of(
                places.embedding(),
                places.head(),
                llm.kvHeads(),
                llm.headWidth(),
                llm.eps(),
                llm.rope().base(),
                llm.rope().factor(),
                llm.rope().limit(),
                divisors(llm.rope().few(), llm),
                divisors(llm.rope().many(), llm),
                llm.rope().magnitude());
        return new GraphRecipe(
                "decoder",
                used,
                weights,
                format.numbers().code(),
                sizes,
                devices,
                List.of(
                        llm.heads(),
                        llm.kvHeads(),
                        llm.headWidth(),
                        llm.eps(),
                        llm.experts().chosen(),
                        llm.experts().normed()));
    }

    /** The files behind the names that both graphs use, by the devices of one. */
    private static Map<String, String> common(Set<String> devices) {
        Map<String, String> used = new TreeMap<>();
        used.put("norm", devices.stream().allMatch(CudaDevices::isCuda) ? "norm_cuda" : "norm");
        used.put("placement", devices.stream().anyMatch(CudaDevices::isCuda) ? "placement_cuda" : "placement");
        return used;
    }

    /** The divisors of all frequencies of a head, which are ones where there are none. */
    private static double[] divisors(List<Double> given, LanguageConfig llm) {
        List<Double> all = given.isEmpty() ? Collections.nCopies(llm.headWidth() / 2, 1.0) : given;
        return all.stream().mapToDouble(Double::doubleValue).toArray();
    }

    /** The arguments of {@code build} after its tables. */
    List<Object> frame() {
        List<Object> all = new ArrayList<>(List.of(numbers));
        all.addAll(sizes);
        return all;
    }

    /** The arguments of {@code make_layer} after its table. */
    List<Object> layer(int index) {
        List<Object> all = new ArrayList<>(List.of(numbers, devices.get(index), index));
        all.addAll(layer);
        return all;
    }

    /** The calls, in order, that make the model; each layer that one returns goes to {@code append}. */
    List<Call> calls() {
        List<Call> calls = new ArrayList<>();
        calls.add(new Call("build", List.of("first", "last"), frame()));
        for (int i = 0; i < devices.size(); i++) {
            calls.add(new Call("make_layer", List.of(LAYERS + i), layer(i)));
        }
        return calls;
    }

    /**
     * The weights of a table: {@code layers.N}, {@code last} for what comes after the layers, and {@code first} for the
     * rest.
     */
    List<Weight> table(String name) {
        return weights.stream()
                .filter(weight -> tableOf(weight.name()).equals(name))
                .toList();
    }

    private static String tableOf(String weight) {
        if (weight.startsWith(LAYERS)) {
            return weight.substring(0, weight.indexOf('.', LAYERS.length()));
        }
        boolean last = weight.startsWith("norm.") || weight.startsWith("head.") || weight.startsWith("mlp.");
        return last ? "last" : "first";
    }

    /** The archive that libtorch loads. */
    byte[] archive() {
        return ScriptModule.archive(graph, used);
    }
}
