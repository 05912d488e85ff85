package io.github.internvl.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.MetricsListener.Stats;
import io.github.internvl.spark.SharedModels.Lease;
import java.util.concurrent.CompletableFuture;
import org.apache.spark.TaskKilledException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The models of a JVM and the tasks that come and go. */
@Timeout(60)
class SharedModelsTest {
    private final SharedModels models = new SharedModels();
    private final ModelSettings settings = new ModelSettings(Local.MODEL, null, null, 0, 2, 0, "cpu");

    @AfterEach
    void close() {
        models.close();
    }

    @Test
    void loadsOnThoughTheFirstTaskIsKilledAndKeepsTheCountsOfClosedModels() {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> models.lease(settings)).isInstanceOf(TaskKilledException.class);
        assertThat(Thread.interrupted()).isTrue();
        try (Lease lease = models.lease(settings)) {
            assertThat(lease.users()).isEqualTo(1);
            assertThat(models.loads()).isEqualTo(1);
            lease.model().chat("Why?");
        }
        models.close();
        assertThat(models.past()).extracting(Stats::answered).containsExactly(1L);
    }

    @Test
    void closesAModelThatIsStillLoading() throws InterruptedException {
        CompletableFuture<Lease> waiting = CompletableFuture.supplyAsync(() -> models.lease(settings));
        while (models.loads() == 0) {
            Thread.sleep(1);
        }
        models.close();
        assertThatThrownBy(waiting::join).hasStackTraceContaining("was closed while it was loaded");
    }
}
