package io.github.internvl.internal.chat;

import io.github.internvl.ChatResponse;
import io.github.internvl.ChatResponse.Piece;
import io.github.internvl.InternVLException;
import io.github.internvl.internal.engine.Engine;
import io.github.internvl.internal.engine.Generation;
import io.github.internvl.internal.engine.Sequence;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One answer between the engine and its caller: the one listener that the engine calls for a request, and the queue from which the
 * caller reads. It counts what it hears ({@link RequestMetrics}), and writes the response at the end ({@link ResponseWriter}).
 *
 * <p>The engine's thread calls the methods of {@link Generation.Listener}; one thread reads pieces; any thread may wait for the
 * response or cancel.
 */
public final class AnswerStream implements Generation.Listener {
    private static final Duration GRACE = Duration.ofSeconds(5);
    private static final Event END = new Event.End();

    private final RequestMetrics metrics;
    private @Nullable ResponseWriter writer; // until the end: it holds the pictures
    private final ThinkingText parts; // of the engine's thread
    private final Consumer<ChatResponse> onResponse;

    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    private final Outcome own = new Outcome(); // made in advance, for an end for want of memory
    private final AtomicReference<@Nullable Runnable> whenDone = new AtomicReference<>();
    private volatile @Nullable Long deadline;
    private volatile @Nullable Sequence sequence;

    /** The response, or the failure; written before the future has it. */
    private static final class Outcome {
        private @Nullable ChatResponse response;
        private @Nullable RuntimeException failure;
    }

    /** An event from the engine for the reader: a piece of text, or the end. */
    private sealed interface Event {
        record Some(Piece piece) implements Event {}

        record End() implements Event {}
    }

    /**
     * Makes the stream of one request.
     *
     * @param onResponse gets a complete response first, on the engine's thread
     */
    AnswerStream(RequestMetrics metrics, ResponseWriter writer, Consumer<ChatResponse> onResponse) {
        this.metrics = metrics;
        this.writer = writer;
        this.parts = writer.parts();
        this.onResponse = onResponse;
    }

    /** Ties the stream to its sequence, right after the engine has accepted it. */
    void start(Sequence submitted) {
        this.sequence = submitted;
        this.deadline = submitted.deadline();
        if (outcome.isDone()) {
            this.sequence = null;
        }
    }

    @Override
    public void onAdmitted(int cachedTokens) {
        metrics.admitted(cachedTokens);
    }

    @Override
    public void onTokens(int count) {
        metrics.generated(count);
    }

    @Override
    public void onText(String text) {
        parts.add(text).forEach(piece -> events.add(new Event.Some(piece)));
    }

    @Override
    public void onEnd(Generation generation) {
        ChatResponse response = Objects.requireNonNull(writer).write(generation);
        parts.finish().forEach(piece -> events.add(new Event.Some(piece)));
        metrics.ended(generation);
        onResponse.accept(response);
        own.response = response;
        end();
    }

    /** Fails the stream, unless it has a response. Waking the threads that wait for the response needs no memory. */
    @Override
    public void onFailure(RuntimeException failure) {
        try {
            metrics.failed(failure);
        } finally { // for want of memory a record may be missing, but the caller gets the failure
            if (!outcome.isDone()) {
                own.response = null;
                own.failure = failure;
            }
            end();
        }
    }

    private void end() {
        sequence = null; // nothing is left to cancel, and it would keep its memory
        writer = null;
        outcome.complete(own);
        events.add(END);
        runWhenDone();
    }

    /** Sets an action to run once the response or the failure is there; if it throws on the engine's thread, it runs again later. */
    void whenDone(Runnable action) {
        whenDone.set(action);
        if (outcome.isDone()) {
            runWhenDone();
        }
    }

    private void runWhenDone() {
        Runnable action = whenDone.getAndSet(null);
        if (action != null) {
            try {
                action.run();
            } catch (RuntimeException | Error e) {
                whenDone.set(action);
                throw e;
            }
        }
    }

    /** Cancels the request, unless it has ended. Harmless when repeated. */
    public void cancel() {
        Sequence submitted = sequence;
        if (submitted != null) {
            submitted.cancel();
        }
    }

    /** Waits for the whole response; throws the failure of the request. */
    public ChatResponse response() {
        if (!outcome.isDone()) {
            Engine.refuseOwnThread();
        }
        try {
            Outcome done = deadline == null ? outcome.get() : outcome.get(nanosLeft(), TimeUnit.NANOSECONDS);
            if (done.failure != null) {
                throw done.failure;
            }
            return Objects.requireNonNull(done.response);
        } catch (InterruptedException e) {
            throw interrupted(e);
        } catch (TimeoutException e) {
            cancel();
            throw late();
        } catch (ExecutionException e) {
            throw new IllegalStateException("an outcome never fails", e);
        }
    }

    /** Waits for the next piece of thinking or text; null at the end. Throws the failure of the request. */
    public @Nullable Piece nextPiece() {
        if (events.isEmpty()) {
            Engine.refuseOwnThread();
        }
        try {
            Event event = deadline == null ? events.take() : events.poll(nanosLeft(), TimeUnit.NANOSECONDS);
            if (event == null) {
                cancel();
                throw late();
            }
            if (event instanceof Event.Some some) {
                return some.piece();
            }
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
        events.add(END); // for the next call
        response();
        return null;
    }

    private InternVLException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        cancel();
        return new InternVLException("interrupted while waiting for the answer; its generation was stopped", e);
    }

    private long nanosLeft() {
        Long end = deadline;
        return end == null ? Long.MAX_VALUE : nanosUntil(end);
    }

    /** The time to wait for a request whose deadline is a time of {@link System#nanoTime}. */
    static long nanosUntil(long end) {
        return Math.max(0, end - System.nanoTime()) + GRACE.toNanos();
    }

    /** The failure of a request in the engine that is long past its deadline. */
    static InternVLException late() {
        return late("the engine has not finished its current step; ask for smaller steps: fewer tiles,"
                + " shorter prompts, a smaller maxConcurrent");
    }

    /** The failure of a request before the engine that is long past its deadline. */
    static InternVLException lateBeforeEngine() {
        return late("its preparation has not ended; ask for less at once: fewer requests, shorter texts, fewer tiles");
    }

    private static InternVLException late(String state) {
        return new InternVLException(
                "the time of the request was over " + GRACE.toSeconds() + " s ago, and " + state,
                new TimeoutException());
    }
}
