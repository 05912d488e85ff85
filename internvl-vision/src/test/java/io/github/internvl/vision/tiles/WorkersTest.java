package io.github.internvl.vision.tiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WorkersTest {
    private static List<Runnable> tasks(int count, Runnable task) {
        return Collections.nCopies(count, task);
    }

    @Test
    void runsEachTaskOnceOnAtMostTheThreadsAllowed() {
        Set<Thread> threads = Collections.synchronizedSet(new HashSet<>());
        AtomicInteger runs = new AtomicInteger();
        new Workers(3).run(tasks(500, () -> {
            threads.add(Thread.currentThread());
            runs.incrementAndGet();
        }));
        assertThat(runs).hasValue(500);
        assertThat(threads).hasSizeLessThanOrEqualTo(3).allMatch(t -> t == Thread.currentThread() || t.isDaemon());
    }

    @Test
    void throwsTheFailureAfterAllTasksHaveEnded() {
        AtomicInteger runs = new AtomicInteger();
        List<Runnable> tasks = IntStream.range(0, 100)
                .<Runnable>mapToObj(i -> () -> {
                    runs.incrementAndGet();
                    if (i == 5) {
                        throw new IllegalStateException("five");
                    }
                })
                .toList();
        assertThatIllegalStateException()
                .isThrownBy(() -> new Workers(2).run(tasks))
                .withMessage("five");
        assertThat(runs).hasValue(100);
    }

    @Test
    void anInterruptIsKeptForTheCaller() {
        AtomicInteger runs = new AtomicInteger();
        Thread.currentThread().interrupt();
        new Workers(4).run(tasks(50, runs::incrementAndGet));
        assertThat(Thread.interrupted()).isTrue();
        assertThat(runs).hasValue(50);
    }

    @Test
    void tasksMayRunTasks() {
        Workers workers = new Workers(2);
        AtomicInteger runs = new AtomicInteger();
        workers.run(tasks(4, () -> workers.run(tasks(10, runs::incrementAndGet))));
        assertThat(runs).hasValue(40);
    }
}
