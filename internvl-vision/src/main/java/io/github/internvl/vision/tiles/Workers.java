package io.github.internvl.vision.tiles;

import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A bounded number of daemon threads that help the calling thread. The caller always works too, so that it makes progress
 * while all helpers serve others. Idle helpers end by themselves.
 *
 * <p>A {@link java.util.concurrent.ForkJoinPool} cannot promise this: a thread outside the pool that waits for its tasks
 * helps with none of them, unless the pool is the common one, whose size and class loader are not ours.
 */
final class Workers {
    private final int threads;
    private final ThreadPoolExecutor helpers;

    Workers(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads must be at least 1: " + threads);
        }
        this.threads = threads;
        int most = Math.max(1, threads - 1);
        helpers = new ThreadPoolExecutor(most, most, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
            Thread thread = new Thread(task, "internvl-vision");
            thread.setDaemon(true);
            thread.setContextClassLoader(Workers.class.getClassLoader()); // not the first caller's
            return thread;
        });
        helpers.allowCoreThreadTimeOut(true);
    }

    int threads() {
        return threads;
    }

    /** Runs all tasks and returns when the last has ended; throws the failure of the first task that failed. */
    void run(List<Runnable> tasks) {
        List<FutureTask<?>> once = tasks.stream()
                .<FutureTask<?>>map(task -> new FutureTask<>(task, null))
                .toList();
        Runnable all = () -> once.forEach(FutureTask::run); // a task that has begun elsewhere is passed over
        for (int helper = 1; helper < Math.min(threads, once.size()); helper++) {
            helpers.execute(all);
        }
        all.run();
        @Nullable Throwable failure = null;
        for (FutureTask<?> task : once) {
            Throwable own = failureOf(task);
            failure = failure == null ? own : failure;
        }
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure instanceof RuntimeException exception) {
            throw exception;
        }
    }

    /** Waits for the end of a task, in spite of interrupts, and returns its failure, or null. */
    private static @Nullable Throwable failureOf(FutureTask<?> task) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    task.get();
                    return null;
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    return e.getCause();
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
