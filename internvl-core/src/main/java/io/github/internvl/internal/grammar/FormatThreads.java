package io.github.internvl.internal.grammar;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** A few daemon threads for formats, with deep stacks, as terms are read recursively. Idle ones end. Thread-safe. */
final class FormatThreads implements Executor {
    private static final int MOST = Math.max(2, Runtime.getRuntime().availableProcessors() / 2);
    private static final long STACK_BYTES = 16L << 20;

    private final ThreadPoolExecutor pool;

    FormatThreads(String name) {
        this.pool = new ThreadPoolExecutor(MOST, MOST, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
            Thread thread = new Thread(null, task, name, STACK_BYTES);
            thread.setDaemon(true);
            return thread;
        });
        pool.allowCoreThreadTimeOut(true);
    }

    @Override
    public void execute(Runnable task) {
        pool.execute(task);
    }
}
