package io.github.internvl;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Requests that nobody waits for. A few daemon threads prepare them, so that neither the caller nor a shared pool has to;
 * others, as many as needed, complete the futures, so that a dependent stage holds up neither the engine nor what is
 * prepared next. Idle threads end. Thread-safe.
 */
final class AsyncChats {
    private static final int PREPARING = 2; // each has the tiling's own helpers

    private final Intake intake;
    private final ThreadPoolExecutor preparing = pool(PREPARING, PREPARING, new LinkedBlockingQueue<>());
    private final ThreadPoolExecutor telling = pool(0, Integer.MAX_VALUE, new SynchronousQueue<>());

    AsyncChats(Intake intake) {
        this.intake = intake;
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
        preparing.execute(ask);
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
        private final RequestWatch watch = intake.traffic().arrived();
        private final CompletableFuture<ChatResponse> future = new CompletableFuture<>();

        Ask(ChatRequest request) {
            this.request = request;
        }

        @Override
        public void run() {
            if (future.isDone()) {
                watch.abandoned();
                return;
            }
            try {
                ChatStream stream = intake.stream(request, watch, response -> {});
                CompletableFuture<ChatResponse> unused = future.whenComplete((response, failure) -> stream.close());
                stream.whenDone(telling, this::tell);
            } catch (RuntimeException | Error e) { // all failures come in the future
                telling.execute(() -> tell(null, e));
            }
        }

        void refuse() {
            InternVLException refusal = new InternVLException("the model is closed; load it again to ask more");
            watch.refused(refusal);
            telling.execute(() -> tell(null, refusal));
        }

        private void tell(@Nullable ChatResponse response, @Nullable Throwable failure) {
            if (failure != null) {
                future.completeExceptionally(failure);
            } else {
                future.complete(response);
            }
        }
    }
}
