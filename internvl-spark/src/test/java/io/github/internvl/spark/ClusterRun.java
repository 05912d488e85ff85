package io.github.internvl.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.ChatRequest;
import io.github.internvl.InternVL;
import io.github.internvl.InternVLException;
import io.github.internvl.demo.DemoModel;
import io.github.internvl.vision.Image;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The rate of executors against a loop over {@code batchChat}, how full the engine is, and the memory of the processes. It runs when named:
 * {@code mvn test -pl internvl-spark -am -Dtest=ClusterRun -Dinternvl.spark.rows=2000 -Dsurefire.failIfNoSpecifiedTests=false}.
 */
class ClusterRun {
    private static final int ROWS = Integer.getInteger("internvl.spark.rows", 200);
    private static final int BATCH = 32;
    private static final int SLICE = 100; // rows that Spark's driver holds as well
    private static final int CONCURRENT = 8;
    private static final List<String> TABLE = new ArrayList<>();

    @TempDir
    private Path folder;

    @Test
    void measures() {
        List<Row> rows = Local.rows(ROWS, 33);
        Map<Integer, String> plain = batches(rows);
        for (int executors : List.of(1, 2)) {
            assertThat(spark(rows, executors)).containsExactlyInAnyOrderEntriesOf(plain);
        }
        String table = String.join("\n", TABLE);
        try {
            Files.writeString(Path.of("target", "cluster-run.txt"), table);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<Integer, String> batches(List<Row> rows) {
        try (InternVL model =
                InternVL.builder(DemoModel.path()).maxConcurrent(CONCURRENT).load()) {
            run(model, rows.subList(0, Math.min(BATCH, rows.size())));
            long start = System.nanoTime();
            Map<Integer, String> answers = run(model, rows);
            report("batchChat", rows.size(), start, "");
            return answers;
        }
    }

    private static Map<Integer, String> run(InternVL model, List<Row> rows) {
        Map<Integer, String> answers = new java.util.HashMap<>();
        for (int from = 0; from < rows.size(); from += BATCH) {
            List<Integer> ids = new ArrayList<>();
            List<ChatRequest> requests = new ArrayList<>();
            for (Row row : rows.subList(from, Math.min(rows.size(), from + BATCH))) {
                try {
                    requests.add(ChatRequest.builder()
                            .text(row.getString(2), Image.of(row.<byte[]>getAs(1)))
                            .generation(Local.settings())
                            .build());
                    ids.add(row.getInt(0));
                } catch (IllegalArgumentException | InternVLException e) {
                    answers.put(row.getInt(0), "error: " + e.getMessage());
                }
            }
            List<String> texts = model.batchChat(requests).stream()
                    .map(response -> response.text())
                    .toList();
            for (int index = 0; index < ids.size(); index++) {
                answers.put(ids.get(index), texts.get(index));
            }
        }
        return answers;
    }

    private Map<Integer, String> spark(List<Row> rows, int executors) {
        Path metrics = folder.resolve("metrics-" + executors);
        try (SparkSession spark = LocalCluster.start(executors, Files.createDirectory(metrics))) {
            InternVLSpark step = Local.step().maxConcurrent(CONCURRENT).build();
            String files = folder.resolve("rows-" + executors).toString();
            for (int from = 0; from < rows.size(); from += SLICE) {
                spark.createDataFrame(rows.subList(from, Math.min(rows.size(), from + SLICE)), Local.SCHEMA)
                        .write()
                        .mode("append")
                        .parquet(files);
            }
            step.apply(spark.read().parquet(files).limit(8 * executors).repartition(executors))
                    .collectAsList();
            long start = System.nanoTime();
            List<Row> answered = step.apply(spark.read().parquet(files).repartition(4 * executors))
                    .drop("content")
                    .collectAsList();
            String memory = Stream.concat(Stream.of(ProcessHandle.current()), LocalCluster.executors().stream())
                    .map(process -> peak(process.pid()))
                    .collect(Collectors.joining(", "));
            report(
                    executors + " executors",
                    rows.size(),
                    start,
                    String.format(
                            Locale.ROOT,
                            "fill %.2f, loads %s, peak memory of driver and executors %s",
                            LocalCluster.mean(metrics, "fill"),
                            LocalCluster.gauge(metrics, "loads"),
                            memory));
            return answered.stream().collect(Collectors.toMap(row -> row.getInt(0), Local::answer));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void report(String name, int rows, long start, String rest) {
        double seconds = (System.nanoTime() - start) / 1e9;
        TABLE.add(String.format(Locale.ROOT, "%-12s %8.1f s %8.2f rows/s  %s", name, seconds, rows / seconds, rest));
    }

    private static String peak(long pid) {
        try (Stream<String> lines = Files.lines(Path.of("/proc", String.valueOf(pid), "status"))) {
            return lines.filter(line -> line.startsWith("VmHWM"))
                    .map(line -> line.replaceAll("\\D+", ""))
                    .map(kib -> Long.parseLong(kib) / 1024 + " MiB")
                    .findFirst()
                    .orElse("?");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
