package io.github.internvl.cli;

import io.github.internvl.ModelInfo;
import io.github.internvl.Precision;
import java.util.Locale;

/**
 * The lines of a {@code spark-defaults.conf} for executors with a model: weights and KV cache lie outside of the Java heap, which Spark
 * calls overhead.
 *
 * @param info the sizes of the model
 * @param name its name as executors find it: an id or a folder
 * @param precision the number format to compute in
 */
record SparkSizing(ModelInfo info, String name, Precision precision) {
    private static final int CORES = 8;
    private static final int CONCURRENT = 8; // the default of the library, as the tokens of each are
    private static final int TOKENS_EACH = 4096;
    private static final long VISUAL_CACHE = 256L << 20;
    private static final long WORKING = 1L << 30; // libtorch, and the intermediate results of a step
    private static final long HEAP = 4L << 30;

    String lines() {
        int tokens = CONCURRENT * TOKENS_EACH;
        long model = info.memoryBytes(precision, tokens) + VISUAL_CACHE + WORKING;
        String format = precision.name().toLowerCase(Locale.ROOT);
        return comment(name + " in " + format + ": " + CONCURRENT + " requests at once, " + Units.count(tokens)
                        + " tokens of KV cache")
                + line("spark.plugins", "io.github.internvl.spark.InternVLPlugin")
                + line("spark.internvl.model", name)
                + line("spark.internvl.precision", format)
                + comment("An executor on CPUs: one for each socket, with all of its cores")
                + line("spark.executor.cores", String.valueOf(CORES))
                + line("spark.executor.memory", mebibytes(HEAP))
                + line("spark.executor.memoryOverhead", mebibytes(model))
                + line("spark.executorEnv.OMP_NUM_THREADS", String.valueOf(CORES))
                + comment("An executor on a GPU with " + Units.bytes(model)
                        + " free: one for each GPU, whose tasks share it; in place of the last two")
                + comment(line("spark.executor.memoryOverhead", mebibytes(2 * WORKING))
                        .strip())
                + comment(line("spark.executor.resource.gpu.amount", "1").strip())
                + comment(line("spark.task.resource.gpu.amount", String.format(Locale.ROOT, "%.3f", 1.0 / CORES))
                        .strip());
    }

    private static String line(String key, String value) {
        return String.format(Locale.ROOT, "%-36s %s%n", key, value);
    }

    private static String comment(String text) {
        return "# " + text + System.lineSeparator();
    }

    /** Sizes as Spark reads them, rounded up. */
    private static String mebibytes(long bytes) {
        return ((bytes + (1 << 20) - 1) >> 20) + "m";
    }
}
