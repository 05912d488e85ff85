package io.github.internvl.internal.model;

import io.github.internvl.DevicePlan;
import io.github.internvl.Precision;
import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.checkpoint.ModelConfig.LanguageConfig;
import io.github.internvl.internal.torch.CudaDevices;
import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.internal.torch.ScriptModule;
import io.github.internvl.internal.torch.Tensor;
import io.github.internvl.internal.torch.TorchRuntime;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The limits of a model's device, against which its speed is judged (Williams et al., 2009): decoding one request reads all
 * weights for each token, so bandwidth is its limit; prompts multiply large matrices, and are limited by that. Measured
 * through the kernels that models use.
 *
 * @param readBandwidth bytes of memory that are read in a second
 * @param gemm floating-point operations in a second, of a linear in the model's format with 512 rows, 2,048 on GPUs; a
 *     multiplication with its addition is two
 * @param bytesPerToken bytes of the linears' weights, which computing one token reads; a step for several requests reads
 *     them once
 * @param operationsPerToken floating-point operations that a token of a prompt takes, but for attention and the head
 * @param operationsPerTile those that a tile takes, but for attention; 0 if the ViT computes in another format than the linear
 * @param threads how many threads compute on the CPU
 */
public record Roofline(
        double readBandwidth,
        double gemm,
        long bytesPerToken,
        long operationsPerToken,
        long operationsPerTile,
        int threads) {
    private static final int NUMBERS = 1 << 27; // 512 MiB, beyond all caches
    private static final int RUNS = 8;
    private static final Set<Precision> FLOATS = Set.of(Precision.FLOAT32, Precision.BFLOAT16, Precision.FLOAT16);
    private static final Work CPU = new Work(2048, 512, 1);
    private static final Work GPU = new Work(4096, 2048, 32);

    /** Sizes of a product [rows, width] x [width, width], and how often work is done before its result is fetched. */
    private record Work(int width, int rows, int times) {}

    /**
     * Measures the device that a model's language part begins on, best of eight runs. It takes a second or two and 0.5 GiB,
     * and the device should be idle.
     *
     * @param folder the checkpoint of the model
     * @param plan its precision and devices
     */
    public static Roofline measure(Path folder, DevicePlan plan) {
        Checkpoint checkpoint = Checkpoint.open(folder);
        Models.Format format = Models.Format.of(plan, false, false);
        LanguageConfig llm = checkpoint.config().language();
        List<Weight> weights =
                Layout.of(checkpoint.config(), checkpoint.tensors().keySet()).language();
        Set<NumberFormat> stored = Models.stored(checkpoint, weights);
        return TorchRuntime.onOwnThread(() -> {
            LinearKernel layers = LinearKernel.ofLayers(
                    plan.precision(), stored, format.numbers(), Set.of(plan.embedding())); // where it is measured
            double head = Models.headKernel(format, stored).bytes(format.numbers());
            long bytes = Math.round(matrices(weights, llm) * layers.bytes(format.numbers())
                    + (double) llm.vocabulary() * llm.width() * head);
            long operations = 2 * LanguageModel.multiplications(llm, 1);
            LinearKernel linear = LinearKernel.ofLayers(
                    plan.precision(), Set.of(NumberFormat.BFLOAT16), format.numbers(), Set.of(plan.embedding()));
            try (ScriptModule graph = ScriptModule.compile("limits", Map.of("linear", linear.file()))) {
                int numbers = format.numbers().code();
                Work work = CudaDevices.isCuda(plan.embedding()) ? GPU : CPU;
                graph.run("build", numbers, plan.embedding(), NUMBERS, work.width());
                double reading = best(() -> graph.call("read", work.times()));
                double multiplying =
                        best(() -> graph.call("multiply", numbers, work.rows(), work.width(), work.times()));
                double product = 2.0 * work.rows() * work.width() * work.width();
                return new Roofline(
                        4.0 * NUMBERS * work.times() / reading,
                        product * work.times() / multiplying,
                        bytes,
                        operations,
                        FLOATS.contains(plan.precision()) ? 2 * VisionEncoder.multiplications(checkpoint.config()) : 0,
                        TorchRuntime.threads());
            }
        });
    }

    /**
     * Numbers in the layers' matrices before they are put into few bits, of experts those that a token chooses; biases and norms
     * are next to nothing.
     */
    private static double matrices(List<Weight> weights, LanguageConfig llm) {
        double share = llm.experts().count() == 0
                ? 1
                : (double) llm.experts().chosen() / llm.experts().count();
        return weights.stream()
                .filter(weight -> weight.name().startsWith("layers.") && weight.shape().length == 2)
                .filter(weight ->
                        !weight.name().endsWith(".qzeros") && !weight.name().endsWith(".scales"))
                .mapToDouble(weight -> (double) weight.shape()[0]
                        * weight.shape()[1]
                        * (weight.packed() ? WeightTable.PER_INT : 1)
                        * (weight.name().contains(".experts.") ? share : 1))
                .sum();
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

    /** Most tokens a second of one request, were nothing read but weights. */
    public double decode() {
        return readBandwidth / bytesPerToken;
    }

    /** Fewest seconds for a tile, were there nothing but linears; 0 if that is not known. */
    public double vision() {
        return operationsPerTile / gemm;
    }

    /** Most prompt tokens a second, were there nothing but linears. */
    public double prefill() {
        return gemm / operationsPerToken;
    }
}
