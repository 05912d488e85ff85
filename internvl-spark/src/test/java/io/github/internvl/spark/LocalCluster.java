package io.github.internvl.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;

/**
 * Spark with executors that are processes: a master and workers in the driver, as Spark's own tests have them. The executors get this
 * class path; the workers want a {@code SPARK_HOME} with a folder of jars, which may be empty.
 */
final class LocalCluster {
    private static final int MEGABYTES = 1024;

    private LocalCluster() {}

    /** A session with executors of one core each. */
    static SparkSession start(int executors, Path metrics) {
        Path home = Path.of(System.getenv("SPARK_HOME"));
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        try {
            Files.createDirectories(home.resolve("jars"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return SparkSession.builder()
                .master("local-cluster[" + executors + ", 1, " + MEGABYTES + "]")
                .appName("internvl")
                .config("spark.ui.enabled", "false")
                .config("spark.executor.extraClassPath", classPath)
                .config("spark.executor.memory", MEGABYTES + "m")
                .config("spark.executorEnv.OMP_NUM_THREADS", "1")
                .config("spark.sql.warehouse.dir", home.resolve("warehouse").toString())
                .config("spark.plugins", InternVLPlugin.class.getName())
                .config("spark.metrics.conf.executor.sink.csv.class", "org.apache.spark.metrics.sink.CsvSink")
                .config("spark.metrics.conf.executor.sink.csv.period", "1")
                .config("spark.metrics.conf.executor.sink.csv.directory", metrics.toString())
                .getOrCreate();
    }

    /** The processes of executors, which are all that this one starts. */
    static List<ProcessHandle> executors() {
        return ProcessHandle.current()
                .children()
                .filter(process -> process.info().command().orElse("").endsWith("java"))
                .toList();
    }

    /** The last value of a gauge of the plugin, for each executor that wrote one. */
    static List<Double> gauge(Path metrics, String name) {
        try (Stream<Path> files = Files.list(metrics)) {
            List<Double> values = new ArrayList<>();
            for (Path file : files.filter(
                            path -> path.getFileName().toString().endsWith("InternVLPlugin." + name + ".csv"))
                    .toList()) {
                List<String> lines = Files.readAllLines(file);
                values.add(Double.parseDouble(lines.get(lines.size() - 1).replaceFirst(".*,", "")));
            }
            return values;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
