package io.github.internvl.internal.model;

import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.internal.torch.ScriptModule;
import io.github.internvl.internal.torch.Tensor;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** Measures how fast a device reads memory and multiplies matrices, through the kernels that models use. */
public final class LimitsGraph implements AutoCloseable {
    private static final int NUMBERS = 1 << 27; // 512 MiB, beyond all caches
    private static final int WIDTH = 2048;
    private static final int ROWS = 512;
    private static final int RUNS = 8;

    private final NumberFormat numbers;
    private final ScriptModule graph;

    /** Makes what is read and multiplied, with the linear that a checkpoint in bfloat16 gets. */
    public LimitsGraph(NumberFormat numbers, LinearWeights linears, String device) {
        LinearKernel kernel = LinearKernel.ofLayers(linears, Set.of(NumberFormat.BFLOAT16), numbers, Set.of(device));
        this.numbers = numbers;
        this.graph = ScriptModule.compile("limits", Map.of("linear", kernel.file()));
        graph.run("build", numbers.code(), device, NUMBERS, WIDTH);
    }

    /** Bytes a second that are read at best. */
    public double readBandwidth() {
        return 4.0 * NUMBERS / best(() -> graph.call("read"));
    }

    /** Floating-point operations a second at best; a multiplication with its addition is two. */
    public double gemm() {
        return 2.0 * ROWS * WIDTH * WIDTH / best(() -> graph.call("multiply", numbers.code(), ROWS, WIDTH));
    }

    private static double best(Supplier<Tensor> work) {
        double best = Double.MAX_VALUE;
        for (int run = 0; run < RUNS; run++) {
            long start = System.nanoTime();
            work.get().close();
            best = Math.min(best, (System.nanoTime() - start) / 1e9);
        }
        return best;
    }

    @Override
    public void close() {
        graph.close();
    }
}
