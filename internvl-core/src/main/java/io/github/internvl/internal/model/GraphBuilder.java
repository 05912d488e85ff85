package io.github.internvl.internal.model;

import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.checkpoint.StoredTensor;
import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.internal.torch.ScriptModule;
import io.github.internvl.internal.torch.ScriptObject;
import io.github.internvl.internal.torch.TorchRuntime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Compiles a graph and builds it from its weights part by part: what is converted, packed or quantized on the way needs
 * memory for a few layers at a time, and with each layer its pages of the file are let go of. Several threads make layers,
 * since the packing of most kernels uses one.
 */
final class GraphBuilder {
    private static final int MOST_THREADS = 4;

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

    /** What is computed in. */
    NumberFormat numbers() {
        return numbers;
    }

    /** The formats that the weights are stored in. */
    Set<NumberFormat> stored() {
        return weights.stream()
                .map(weight -> checkpoint.tensors().get(weight.stored()))
                .filter(Objects::nonNull)
                .map(StoredTensor::format)
                .collect(Collectors.toSet());
    }

    /**
     * Builds a graph.
     *
     * @param graph the file of its text
     * @param used the files that it uses, by the names that its text calls them; those of every graph are added
     * @param sizes what {@code build} takes
     * @param layers the device of each layer
     * @param layer what {@code made} takes
     */
    ScriptModule build(String graph, Map<String, String> used, List<?> sizes, List<String> layers, List<?> layer) {
        Map<String, String> files = new HashMap<>(used);
        files.put("weights", "weights");
        files.put("layers", "layers");
        List<String> lists = graph.equals("decoder") ? List.of("model", "layers", "slots") : List.of("model", "layers");
        ScriptModule module = ScriptModule.compile(graph, files, lists);
        try {
            fill(module, sizes, layers, layer);
            return module;
        } catch (RuntimeException | Error e) {
            module.close();
            throw e;
        }
    }

    private void fill(ScriptModule module, List<?> sizes, List<String> devices, List<?> arguments) {
        int threads = Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors());
        ForkJoinPool makers = new ForkJoinPool(threads);
        Queue<ScriptObject> made = new ConcurrentLinkedQueue<>();
        List<ForkJoinTask<ScriptObject>> layers = new ArrayList<>();
        ForkJoinTask<?> frame = makers.submit(() -> frame(module, sizes));
        try {
            for (int i = 0; i < devices.size(); i++) {
                int index = i;
                layers.add(makers.submit(() -> {
                    ScriptObject layer = layer(module, index, devices.get(index), arguments);
                    made.add(layer);
                    return layer;
                }));
            }
            for (int i = 0; i < devices.size(); i++) {
                try (ScriptObject layer = layers.get(i).join()) {
                    module.run("append", layer);
                }
                progress.accept(bytes(ofLayer(i)));
            }
            frame.join();
            progress.accept(bytes(name -> !isOfLayers(name)));
        } finally {
            layers.forEach(layer -> layer.cancel(false));
            makers.awaitQuiescence(Long.MAX_VALUE, TimeUnit.NANOSECONDS); // they use the module
            makers.shutdown();
            made.forEach(ScriptObject::close);
        }
    }

    /** All but the layers; a head is as large as several of them. */
    private void frame(ScriptModule module, List<?> sizes) {
        TorchRuntime.runGraphsAsWritten();
        try (ScriptObject first = bind(module, name -> !isOfLayers(name) && !isAfterLayers(name));
                ScriptObject last = bind(module, GraphBuilder::isAfterLayers)) {
            module.run("build", arguments(List.of(first, last), sizes));
        }
    }

    private ScriptObject layer(ScriptModule module, int index, String device, List<?> others) {
        TorchRuntime.runGraphsAsWritten();
        List<Object> place = new ArrayList<>(List.of(device, index));
        place.addAll(others);
        try (ScriptObject own = bind(module, ofLayer(index))) {
            return module.make("made", arguments(List.of(own), place));
        }
    }

    static boolean isOfLayers(String name) {
        return name.startsWith("layers.");
    }

    static boolean isAfterLayers(String name) {
        return name.startsWith("norm.") || name.startsWith("head.") || name.startsWith("mlp.");
    }

    private static Predicate<String> ofLayer(int index) {
        return name -> name.startsWith("layers." + index + ".");
    }

    private ScriptObject bind(ScriptModule module, Predicate<String> wanted) {
        List<Weight> some =
                weights.stream().filter(weight -> wanted.test(weight.name())).toList();
        return WeightLoader.bind(module, checkpoint, some);
    }

    private Object[] arguments(List<?> tables, List<?> others) {
        List<Object> all = new ArrayList<>(tables);
        all.add(numbers.code());
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
