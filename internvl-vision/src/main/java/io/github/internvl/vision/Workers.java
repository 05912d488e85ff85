package io.github.internvl.vision;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A bounded number of daemon threads that help the calling thread. The caller always works too, so that it gets on even
 * while all helpers serve others; idle helpers end by themselves.
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

    /** Runs all tasks and returns when the last has ended; throws what the first failing task threw. */
    void run(List<Runnable> tasks) {
        AtomicInteger next = new AtomicInteger();
        CountDownLatch open = new CountDownLatch(tasks.size());
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Runnable loop = () -> {
            for (int i = next.getAndIncrement(); i < tasks.size(); i = next.getAndIncrement()) {
                try {
                    tasks.get(i).run();
                } catch (RuntimeException | Error e) {
                    failure.compareAndSet(null, e);
                } finally {
                    open.countDown();
                }
            }
        };
        for (int helper = 1; helper < Math.min(threads, tasks.size()); helper++) {
            helpers.execute(loop);
        }
        loop.run();
        awaitAll(open);
        if (failure.get() instanceof Error error) {
            throw error;
        }
        if (failure.get() instanceof RuntimeException exception) {
            throw exception;
        }
    }

    private static void awaitAll(CountDownLatch open) {
        boolean interrupted = false;
        while (true) {
            try {
                open.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
