package io.github.internvl.internal.format;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * A few daemon threads for formats, with deep stacks, as terms are read recursively. Idle ones end. Nothing of the thread that
 * brings a task stays with them. Thread-safe.
 */
final class FormatThreads implements Executor {
    private static final int MOST = Math.max(2, Runtime.getRuntime().availableProcessors() / 2);
    private static final int TASKS = 11; // that the queue has room for at first
    private static final long STACK_BYTES = 16L << 20;

    private final ThreadPoolExecutor pool;

    private FormatThreads(String name, BlockingQueue<Runnable> queue) {
        this.pool = new ThreadPoolExecutor(MOST, MOST, 10, TimeUnit.SECONDS, queue, task -> {
            Thread thread = new Thread(null, task, name, STACK_BYTES, false);
            thread.setContextClassLoader(
                    FormatThreads.class.getClassLoader()); // a caller's would live as long as the thread
            thread.setDaemon(true);
            return thread;
        });
        pool.allowCoreThreadTimeOut(true);
    }

    /** Threads that take tasks in the order of their coming. */
    static FormatThreads inTurn(String name) {
        return new FormatThreads(name, new LinkedBlockingQueue<>());
    }

    /** Threads that take mask tasks, those of the rule first that has taken fewest steps. */
    static FormatThreads cheapestFirst(String name) {
        return new FormatThreads(name, new PriorityBlockingQueue<>(TASKS, MaskTask.CHEAPEST_FIRST));
    }

    @Override
    public void execute(Runnable task) {
        pool.execute(task);
    }
}
