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

    /** A session with executors of one core each, which takes tasks when all of them are there. */
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
                .config(
                        "spark.scheduler.minRegisteredResourcesRatio",
                        "1") // no executor answers all rows before another starts
                .config("spark.scheduler.maxRegisteredResourcesWaitingTime", "120s")
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
        return series(metrics, name).stream()
                .map(values -> values.get(values.size() - 1))
                .toList();
    }

    /** The mean of a gauge of the plugin over all seconds in which it is not 0. */
    static double mean(Path metrics, String name) {
        return series(metrics, name).stream()
                .flatMap(List::stream)
                .mapToDouble(Double::doubleValue)
                .filter(value -> value > 0)
                .average()
                .orElse(0);
    }

    /** The values of a gauge, a line of time and value for each second. */
    private static List<List<Double>> series(Path metrics, String name) {
        try (Stream<Path> files = Files.list(metrics)) {
            List<List<Double>> all = new ArrayList<>();
            for (Path file : files.filter(path -> path.toString().endsWith("InternVLPlugin." + name + ".csv"))
                    .toList()) {
                List<Double> values = Files.readAllLines(file).stream()
                        .filter(line -> line.matches("\\d+,.+"))
                        .map(line -> Double.valueOf(line.replaceFirst(".*,", "")))
                        .toList();
                if (!values.isEmpty()) {
                    all.add(values);
                }
            }
            return all;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
