package io.github.internvl.internal.chat;

import io.github.internvl.ChatResponse;
import io.github.internvl.InternVLException;
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
 * Runs {@code chatAsync} requests. Daemon threads prepare them, so that neither the caller nor a shared pool has to; other
 * threads, as many as needed, complete the futures, so that a dependent stage delays neither the engine nor the next preparation.
 * Idle threads end. Thread-safe.
 */
public final class AsyncChats {
    private static final int MOST_PREPARING = 64;
    private static final long PAUSE_NANOS = 20_000_000;

    private final ChatService service;
    private final ThreadPoolExecutor preparing;
    private final ThreadPoolExecutor completing = pool(0, Integer.MAX_VALUE, new SynchronousQueue<>());

    /**
     * Makes the thread pools; each thread starts when there is work for it.
     *
     * @param inside the most requests inside the engine at once: as many are prepared at the same time, up to 64, so that a slow
     *     preparation delays no other
     */
    public AsyncChats(ChatService service, int inside) {
        this.service = service;
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

    /** Starts a request. */
    public CompletableFuture<ChatResponse> ask(ChatService.Asked asked) {
        Ask ask = new Ask(asked);
        ask.metrics.accepting(() -> {
            preparing.execute(ask);
            return ask;
        });
        return ask.future;
    }

    /** Rejects the requests that are not prepared yet, and all that arrive later. */
    public void close() {
        preparing.shutdown();
        List<Runnable> left = new ArrayList<>();
        preparing.getQueue().drainTo(left);
        left.forEach(ask -> ((Ask) ask).refuse());
    }

    private final class Ask implements Runnable {
        private final ChatService.Asked asked;
        private final RequestMetrics metrics = service.arrived();
        private final CompletableFuture<ChatResponse> future = new CompletableFuture<>();
        private final Runnable completion = this::complete;
        private volatile @Nullable AnswerStream stream;
        private volatile @Nullable Throwable failure;

        Ask(ChatService.Asked asked) {
            this.asked = asked;
            CompletableFuture<ChatResponse> unused = future.whenComplete((response, failed) -> stop());
            asked.budget().deadlineNanos().ifPresent(this::failAfter);
        }

        /** Fails the future if the engine does not come back in time, as waiting for a stream does. */
        private void failAfter(long deadline) {
            CompletableFuture<Void> late =
                    new CompletableFuture<Void>().orTimeout(AnswerStream.nanosUntil(deadline), TimeUnit.NANOSECONDS);
            CompletableFuture<Void> unusedFailure = late.whenComplete((none, timeout) -> {
                if (timeout != null) {
                    fail(stream == null ? AnswerStream.lateBeforeEngine() : AnswerStream.late());
                }
            });
            CompletableFuture<ChatResponse> unused = future.whenComplete((response, failed) -> late.complete(null));
        }

        /** Ends the remaining work of a complete future. Before the engine has the request, its budget does that. */
        private void stop() {
            AnswerStream started = stream;
            if (started == null) {
                asked.budget().cancel();
            } else {
                started.cancel();
            }
        }

        @Override
        public void run() {
            if (future.isDone()) {
                metrics.abandoned("before it was prepared");
                return;
            }
            try {
                AnswerStream started = service.stream(asked, metrics, response -> {});
                stream = started;
                if (future.isDone()) {
                    started.cancel();
                }
                started.whenDone(() -> completing.execute(completion));
            } catch (CancellationException e) {
                fail(e);
            } catch (Throwable e) { // all failures come in the future
                fail(e);
            }
        }

        void refuse() {
            InternVLException refusal = new InternVLException("the model is closed; load it again to ask more");
            metrics.refused(refusal);
            fail(refusal);
        }

        private void fail(Throwable reason) {
            failure = reason;
            try {
                completing.execute(completion);
            } catch (OutOfMemoryError e) { // for another thread
                complete();
            }
        }

        /** Completes the future, as soon as there is memory for it. */
        private void complete() {
            while (!future.isDone()) {
                try {
                    tryToComplete();
                } catch (OutOfMemoryError e) {
                    LockSupport.parkNanos(PAUSE_NANOS);
                }
            }
        }

        private void tryToComplete() {
            AnswerStream ended = stream;
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
