package io.github.internvl.internal.model;

import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.checkpoint.StoredTensor;
import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.internal.torch.ScriptModule;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongConsumer;
import java.util.function.Predicate;

/**
 * Compiles a graph, binds its weights, and builds it from them layer by layer: what is converted or quantized on the way
 * needs memory for one layer at a time.
 */
final class GraphBuilder {
    private final Checkpoint checkpoint;
    private final List<Weight> weights;
    private final NumberFormat numbers;
    private final LongConsumer progress;

    GraphBuilder(Checkpoint checkpoint, List<Weight> weights, NumberFormat numbers, LongConsumer progress) {
        this.checkpoint = checkpoint;
        this.weights = weights;
        this.numbers = numbers;
        this.progress = progress;
    }

    /**
     * Builds a graph.
     *
     * @param graph the file of its text
     * @param used the files that it uses, by the names that its text calls them; those of every graph are added
     * @param sizes what {@code build} takes
     * @param layers the device of each layer to add
     * @param layer what {@code add} takes
     */
    ScriptModule build(String graph, Map<String, String> used, List<?> sizes, List<String> layers, List<?> layer) {
        Map<String, String> files = new HashMap<>(used);
        files.put("weights", "weights");
        files.put("layers", "layers");
        List<String> lists = graph.equals("decoder") ? List.of("model", "layers", "slots") : List.of("model", "layers");
        ScriptModule module = ScriptModule.compile(graph, files, List.of("tensors"), lists);
        try {
            WeightLoader.bind(module, checkpoint, weights);
            module.run("build", arguments(List.of(), sizes));
            progress.accept(bytes(name -> !name.startsWith("layers.")));
            for (int i = 0; i < layers.size(); i++) {
                module.run("add", arguments(List.of(layers.get(i)), layer));
                String prefix = "layers." + i + ".";
                progress.accept(bytes(name -> name.startsWith(prefix)));
            }
            module.run("built");
            return module;
        } catch (RuntimeException | Error e) {
            module.close();
            throw e;
        }
    }

    private Object[] arguments(List<?> device, List<?> others) {
        List<Object> all = new ArrayList<>(List.of(numbers.code()));
        all.addAll(device);
        all.addAll(others);
        return all.toArray();
    }

    private long bytes(Predicate<String> wanted) {
        return weights.stream()
                .filter(weight -> wanted.test(weight.name()))
                .map(weight -> checkpoint.tensors().get(weight.stored()))
                .filter(Objects::nonNull)
                .mapToLong(StoredTensor::bytes)
                .sum();
    }
}
