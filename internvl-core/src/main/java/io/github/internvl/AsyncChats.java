package io.github.internvl;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Runs {@code chatAsync} requests. Daemon threads prepare them, so that neither the caller nor a shared pool has to; others,
 * as many as needed, complete the futures, so that a dependent stage holds up neither the engine nor the next preparation.
 * Idle threads end. Thread-safe.
 */
final class AsyncChats {
    private static final int MOST_PREPARING = 64;
    private static final long PAUSE_NANOS = 20_000_000;

    private final Intake intake;
    private final ThreadPoolExecutor preparing;
    private final ThreadPoolExecutor telling = pool(0, Integer.MAX_VALUE, new SynchronousQueue<>());

    /**
     * Makes the threads; each is started when there is work for it.
     *
     * @param inside most requests that may be inside at once: as many are prepared at the same time, up to 64, so that a slow
     *     preparation holds up no other
     */
    AsyncChats(Intake intake, int inside) {
        this.intake = intake;
        int threads = Math.min(inside, MOST_PREPARING);
        this.preparing = pool(threads, threads, new LinkedBlockingQueue<>());
        preparing.allowCoreThreadTimeOut(true);
        preparing.setRejectedExecutionHandler((ask, pool) -> ((Ask) ask).refuse());
    }

    private static ThreadPoolExecutor pool(int core, int most, BlockingQueue<Runnable> queue) {
        return new ThreadPoolExecutor(core, most, 10, TimeUnit.SECONDS, queue, task -> {
            Thread thread = new Thread(task, "internvl-async");
            thread.setDaemon(true);
            thread.setContextClassLoader(AsyncChats.class.getClassLoader()); // not the first caller's
            return thread;
        });
    }

    CompletableFuture<ChatResponse> ask(ChatRequest request) {
        Ask ask = new Ask(request);
        ask.watch.accepting(() -> {
            preparing.execute(ask);
            return ask;
        });
        return ask.future;
    }

    /** Refuses what is not prepared yet, and all that comes. */
    void close() {
        preparing.shutdown();
        List<Runnable> left = new ArrayList<>();
        preparing.getQueue().drainTo(left);
        left.forEach(ask -> ((Ask) ask).refuse());
    }

    private final class Ask implements Runnable {
        private final ChatRequest request;
        private final RequestBudget budget;
        private final RequestWatch watch = intake.traffic().arrived();
        private final CompletableFuture<ChatResponse> future = new CompletableFuture<>();
        private final Runnable tell = this::tell;
        private volatile @Nullable ChatStream stream;
        private volatile @Nullable Throwable failure;

        Ask(ChatRequest request) {
            this.request = request;
            this.budget = RequestBudget.of(request);
            CompletableFuture<ChatResponse> unused = future.whenComplete((response, failed) -> stop());
            budget.deadlineNanos().ifPresent(this::watch);
        }

        /** Fails the future if the engine does not come back in time, as waiting for a stream does. */
        private void watch(long deadline) {
            CompletableFuture<Void> late =
                    new CompletableFuture<Void>().orTimeout(ChatStream.nanosUntil(deadline), TimeUnit.NANOSECONDS);
            CompletableFuture<Void> unusedFailure = late.whenComplete((none, timeout) -> {
                if (timeout != null) {
                    fail(stream == null ? ChatStream.lateBeforeEngine() : ChatStream.late());
                }
            });
            CompletableFuture<ChatResponse> unused = future.whenComplete((response, failed) -> late.complete(null));
        }

        /** The future is complete: whatever still goes on for it ends. A budget may serve other requests after this one. */
        private void stop() {
            ChatStream started = stream;
            if (started == null) {
                budget.cancel();
            } else {
                started.close();
            }
        }

        @Override
        public void run() {
            if (future.isDone()) {
                watch.abandoned("before it was prepared");
                return;
            }
            try {
                ChatStream started = intake.stream(request, budget, watch, response -> {});
                stream = started;
                if (future.isDone()) {
                    started.close();
                }
                started.whenDone(() -> telling.execute(tell));
            } catch (CancellationException e) {
                fail(e);
            } catch (Throwable e) { // all failures come in the future
                fail(e);
            }
        }

        void refuse() {
            InternVLException refusal = new InternVLException("the model is closed; load it again to ask more");
            watch.refused(refusal);
            fail(refusal);
        }

        private void fail(Throwable reason) {
            failure = reason;
            try {
                telling.execute(tell);
            } catch (OutOfMemoryError e) { // for another thread
                tell();
            }
        }

        /** Completes the future, as soon as there is memory for it. */
        private void tell() {
            while (!future.isDone()) {
                try {
                    complete();
                } catch (OutOfMemoryError e) {
                    LockSupport.parkNanos(PAUSE_NANOS);
                }
            }
        }

        private void complete() {
            ChatStream ended = stream;
            try {
                if (failure == null && ended != null) {
                    future.complete(ended.response());
                }
            } catch (RuntimeException e) {
                failure = e;
            }
            Throwable reason = failure;
            if (reason != null) {
                future.completeExceptionally(reason);
            }
        }
    }
}
