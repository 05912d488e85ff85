package io.github.internvl.spark;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;

/**
 * Spark in a process of its own, with executors that are processes too: a master and workers in the driver, as Spark's own tests have
 * them. The workers find Spark in {@code SPARK_HOME}, which is filled with links to the jars of this class path.
 */
final class LocalCluster {
    private static final int MEGABYTES = 1024;

    private LocalCluster() {}

    /** A session with executors of one core each. */
    static SparkSession start(int executors, Path metrics) {
        Path home = Path.of(System.getenv("SPARK_HOME"));
        List<Path> entries = Stream.of(
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))
                                .split(File.pathSeparator))
                .map(Path::of)
                .toList();
        link(home.resolve("jars"), entries.stream().filter(Files::isRegularFile).toList());
        String folders = entries.stream()
                .filter(Files::isDirectory)
                .map(Path::toString)
                .collect(Collectors.joining(File.pathSeparator));
        return SparkSession.builder()
                .master("local-cluster[" + executors + ", 1, " + MEGABYTES + "]")
                .appName("internvl")
                .config("spark.ui.enabled", "false")
                .config("spark.executor.extraClassPath", folders)
                .config("spark.executor.memory", MEGABYTES + "m")
                .config("spark.executorEnv.OMP_NUM_THREADS", "1")
                .config("spark.sql.warehouse.dir", home.resolve("warehouse").toString())
                .config("spark.plugins", InternVLPlugin.class.getName())
                .config("spark.metrics.conf.executor.sink.csv.class", "org.apache.spark.metrics.sink.CsvSink")
                .config("spark.metrics.conf.executor.sink.csv.period", "1")
                .config("spark.metrics.conf.executor.sink.csv.directory", metrics.toString())
                .getOrCreate();
    }

    private static void link(Path jars, List<Path> files) {
        try {
            if (Files.exists(jars)) {
                try (Stream<Path> old = Files.walk(jars)) {
                    for (Path file : old.sorted(Comparator.reverseOrder()).toList()) {
                        Files.delete(file);
                    }
                }
            }
            Files.createDirectories(jars);
            for (Path file : files) {
                Files.createSymbolicLink(jars.resolve(file.getFileName()), file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The processes of executors that this one started. */
    static List<ProcessHandle> executors() {
        List<ProcessHandle> found = new ArrayList<>();
        ProcessHandle.current().descendants().filter(LocalCluster::isExecutor).forEach(found::add);
        return found;
    }

    private static boolean isExecutor(ProcessHandle process) {
        return process.info().commandLine().orElse("").contains("CoarseGrainedExecutorBackend");
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
