package io.github.internvl.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.InternVL;
import io.github.internvl.demo.DemoModel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two executors that are processes: each loads the model once, and the answers stay the same when one of them is killed. */
@Timeout(900)
class LocalClusterTest {
    private static final int ROWS = Integer.getInteger("internvl.spark.rows", 60);

    @TempDir
    private Path metrics;

    @Test
    void answersTheSameThoughAnExecutorIsKilled() {
        Local.assumeSparkRuns();
        SparkSession.getActiveSession().foreach(session -> {
            session.stop();
            return null;
        });
        List<Row> rows = Local.rows(ROWS, 33);
        try (SparkSession spark = LocalCluster.start(2, metrics)) {
            CompletableFuture<List<Row>> answers = CompletableFuture.supplyAsync(() -> Local.step()
                    .build()
                    .apply(spark.createDataFrame(rows, Local.SCHEMA).repartition(12))
                    .collectAsList());
            await(() -> LocalCluster.gauge(metrics, "answered").stream()
                            .filter(count -> count > 0)
                            .count()
                    == 2);
            assertThat(LocalCluster.gauge(metrics, "loads")).containsExactly(1.0, 1.0);
            List<ProcessHandle> before = LocalCluster.executors();
            assertThat(before).hasSize(2);
            before.get(0).destroyForcibly();
            List<Row> answered = answers.join();
            assertThat(answered).hasSize(ROWS);
            try (InternVL model = InternVL.load(DemoModel.path())) {
                assertThat(answered)
                        .allSatisfy(row -> assertThat(Local.answer(row))
                                .as("row %s", row.get(0))
                                .isEqualTo(Local.alone(model, rows.get(row.getInt(0)))));
            }
            await(() -> LocalCluster.executors().stream().anyMatch(executor -> !before.contains(executor)));
        }
    }

    private static void await(BooleanSupplier condition) {
        long end = System.nanoTime() + Duration.ofMinutes(4).toNanos();
        while (!condition.getAsBoolean() && System.nanoTime() < end) {
            try {
                Thread.sleep(50);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
        assertThat(condition.getAsBoolean()).isTrue();
    }
}
