package io.github.internvl.spark;

import io.github.internvl.InternVL;
import io.github.internvl.InternVLBuilder;
import io.github.internvl.Precision;
import io.github.internvl.hub.Hub;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.SparkFiles;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;
import org.jspecify.annotations.Nullable;

/**
 * The settings by which an executor loads its model, sent with the tasks. The hub's token is not among them: an executor takes it
 * from Spark's configuration or from its own environment.
 *
 * @param model an id on the hub, a folder, or {@code spark-file:} and the name of a file or an archive that Spark distributed
 * @param revision a branch, a tag or a commit of the hub; null for the newest
 * @param precision the number format; null for the best
 * @param contextLength most tokens of a prompt and its answer together; 0 for the model's usual
 * @param maxConcurrent requests computed together
 * @param threads threads that compute on CPUs; 0 for the cores of the executor
 * @param device {@code spark} for the GPU that Spark assigns to the task, or else the CPU; {@code cpu} or {@code cuda:N}
 */
record ModelSettings(
        String model,
        @Nullable String revision,
        @Nullable Precision precision,
        int contextLength,
        int maxConcurrent,
        int threads,
        String device)
        implements Serializable {
    static final String SPARK_DEVICE = "spark";
    private static final String SPARK_FILE = "spark-file:";
    private static final String CONF = "spark.internvl.";
    private static final int MAX_CONCURRENT = 8;

    /** The settings of a name, with defaults for all else. */
    static ModelSettings of(String model) {
        return new ModelSettings(model, null, null, 0, MAX_CONCURRENT, 0, SPARK_DEVICE);
    }

    /** The settings that options name, such as {@code maxConcurrent}; null without a model among them. */
    static @Nullable ModelSettings of(Function<String, @Nullable String> options) {
        String model = options.apply("model");
        if (model == null) {
            return null;
        }
        String precision = options.apply("precision");
        String device = options.apply("device");
        return new ModelSettings(
                model,
                options.apply("revision"),
                precision == null ? null : precision(precision),
                number(options, "contextLength", 0),
                number(options, "maxConcurrent", MAX_CONCURRENT),
                number(options, "threads", 0),
                device == null ? SPARK_DEVICE : device);
    }

    /** The option of a configuration, {@code spark.internvl.NAME}. */
    static Function<String, @Nullable String> in(SparkConf conf) {
        return name -> conf.contains(CONF + name) ? conf.get(CONF + name) : null;
    }

    private static Precision precision(String name) {
        try {
            return Precision.valueOf(name.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "precision must be float32, bfloat16, float16, fp8, int8 or int4: " + name, e);
        }
    }

    static int number(Function<String, @Nullable String> options, String name, int usual) {
        String value = options.apply(name);
        try {
            return value == null ? usual : Integer.parseInt(value.strip());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + " must be a whole number: " + value, e);
        }
    }

    /** These settings for a task, with the device and the threads that its executor has. */
    ModelSettings in(@Nullable TaskContext task) {
        String cores = SparkEnv.get().conf().get("spark.executor.cores", "0");
        return new ModelSettings(
                model,
                revision,
                precision,
                contextLength,
                maxConcurrent,
                threads > 0 ? threads : Integer.parseInt(cores),
                device.equals(SPARK_DEVICE) ? assigned(task) : device);
    }

    private static String assigned(@Nullable TaskContext task) {
        Map<String, ResourceInformation> resources = task == null ? Map.of() : task.resourcesJMap();
        ResourceInformation gpu = resources.get("gpu");
        return gpu == null || gpu.addresses().length == 0 ? "cpu" : "cuda:" + gpu.addresses()[0];
    }

    /** Loads the model, downloading what the cache of the node lacks. */
    InternVL load() {
        InternVLBuilder builder = InternVL.builder(folder()).device(device).maxConcurrent(maxConcurrent);
        if (precision != null) {
            builder.precision(precision);
        }
        if (contextLength > 0) {
            builder.contextLength(contextLength);
        }
        if (threads > 0) {
            builder.threads(threads);
        }
        return builder.load();
    }

    /** The folder of the checkpoint on this node, once it has all files. */
    Path folder() {
        if (model.startsWith(SPARK_FILE)) {
            return Path.of(SparkFiles.get(model.substring(SPARK_FILE.length())));
        }
        if (Files.isDirectory(Path.of(model))) {
            return Path.of(model);
        }
        String token = in(SparkEnv.get().conf()).apply("hub.token");
        Hub hub = token == null
                ? Hub.fromEnvironment()
                : Hub.builder().token(token).build();
        return revision == null ? hub.find(model) : hub.fetch(model, revision);
    }

    /** Whether the files come with the tasks, and not before them. */
    boolean comesWithTasks() {
        return model.startsWith(SPARK_FILE);
    }
}
