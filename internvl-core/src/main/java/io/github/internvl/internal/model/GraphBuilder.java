package io.github.internvl.internal.model;

import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.checkpoint.StoredTensor;
import io.github.internvl.internal.torch.CudaDevices;
import io.github.internvl.internal.torch.ScriptModule;
import io.github.internvl.internal.torch.TorchRuntime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

/**
 * Compiles a graph and builds it from its weights part by part: what is converted, packed or quantized on the way needs
 * memory for a few layers at a time, and with each layer its pages of the file are let go of. Several threads make layers,
 * since the packing of most kernels uses one; where a GPU lacks the memory for that, one thread makes all that is for GPUs.
 */
final class GraphBuilder {
    private static final int MOST_THREADS = 4;
    private static final int COPIES = 3; // as stored, and in float32, while weights are rounded

    private final Checkpoint checkpoint;
    private final GraphRecipe recipe;
    private final LongConsumer progress;
    private final ScriptModule module;
    private final ScriptModule tables;

    private GraphBuilder(Checkpoint checkpoint, GraphRecipe recipe, ScriptModule tables, LongConsumer progress) {
        this.checkpoint = checkpoint;
        this.recipe = recipe;
        this.tables = tables;
        this.progress = progress;
        this.module = ScriptModule.load(recipe.graph(), recipe.archive());
    }

    /**
     * Builds a graph, which the caller closes.
     *
     * @param progress hears of the bytes of weights that are ready
     */
    static ScriptModule build(Checkpoint checkpoint, GraphRecipe recipe, LongConsumer progress) {
        try (ScriptModule tables = ScriptModule.compile("table", Map.of())) {
            GraphBuilder builder = new GraphBuilder(checkpoint, recipe, tables, progress);
            try {
                builder.fill();
                return builder.module;
            } catch (RuntimeException | Error e) {
                builder.module.close();
                throw e;
            }
        }
    }

    private void fill() {
        ForkJoinPool makers =
                new ForkJoinPool(Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors()));
        ForkJoinPool gpuMakers = hasFullGpu() ? new ForkJoinPool(1) : makers;
        Queue<ScriptModule.Handle> made = new ConcurrentLinkedQueue<>();
        List<ForkJoinTask<ScriptModule.Handle>> layers = new ArrayList<>();
        ForkJoinTask<?> frame = gpuMakers.submit(this::frame);
        try {
            for (int i = 0; i < recipe.devices().size(); i++) {
                int index = i;
                ForkJoinPool own = CudaDevices.isCuda(recipe.devices().get(i)) ? gpuMakers : makers;
                layers.add(own.submit(() -> {
                    ScriptModule.Handle layer = layer(index);
                    made.add(layer);
                    return layer;
                }));
            }
            for (int i = 0; i < layers.size(); i++) {
                try (ScriptModule.Handle layer = layers.get(i).join()) {
                    module.run("append", layer);
                }
                progress.accept(bytes("layers." + i));
            }
            frame.join();
            progress.accept(bytes("first") + bytes("last"));
        } finally {
            layers.forEach(layer -> layer.cancel(false));
            for (ForkJoinPool pool : List.of(makers, gpuMakers)) {
                pool.awaitQuiescence(Long.MAX_VALUE, TimeUnit.NANOSECONDS); // they use the module
                pool.shutdown();
            }
            made.forEach(ScriptModule.Handle::close);
        }
    }

    /** Whether a GPU lacks the memory to make as many layers at once as there may be threads. */
    private boolean hasFullGpu() {
        Map<String, Long> staying = new HashMap<>();
        long largest = Math.max(bytes("first"), bytes("last"));
        for (int i = 0; i < recipe.devices().size(); i++) {
            long layer = bytes("layers." + i);
            staying.merge(recipe.devices().get(i), layer, Long::sum);
            largest = Math.max(largest, layer);
        }
        long making = MOST_THREADS * COPIES * largest;
        return staying.entrySet().stream()
                .filter(device -> CudaDevices.isCuda(device.getKey()))
                .anyMatch(device -> CudaDevices.freeBytes(device.getKey()) - device.getValue() < making);
    }

    /** All but the layers; a head is as large as several of them. */
    private void frame() {
        TorchRuntime.prepareThread();
        try (ScriptModule.Handle first = bind("first");
                ScriptModule.Handle last = bind("last")) {
            module.run("build", arguments(recipe.frame(), first, last));
        }
    }

    private ScriptModule.Handle layer(int index) {
        TorchRuntime.prepareThread();
        try (ScriptModule.Handle own = bind("layers." + index)) {
            return module.make("make_layer", arguments(recipe.layer(index), own));
        }
    }

    private ScriptModule.Handle bind(String table) {
        return WeightLoader.bind(tables, checkpoint, recipe.table(table));
    }

    private static Object[] arguments(List<Object> others, ScriptModule.Handle... tables) {
        return Stream.concat(Stream.of(tables), others.stream()).toArray();
    }

    private long bytes(String table) {
        return recipe.table(table).stream()
                .map(weight -> checkpoint.tensors().get(weight.stored()))
                .filter(Objects::nonNull)
                .mapToLong(StoredTensor::bytes)
                .sum();
    }
}
