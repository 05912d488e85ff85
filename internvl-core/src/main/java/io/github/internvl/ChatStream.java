package io.github.internvl;

import io.github.internvl.internal.generate.Engine;
import io.github.internvl.internal.generate.Sequence;
import java.time.Duration;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * An answer while it is generated: its text piece by piece, then the whole response. Single use: either iterate, or
 * subscribe to {@link #publisher()}, or just wait for {@link #response()}.
 *
 * <p>Pieces are whole characters and never taken back; together they are the text of the response. Closing a stream
 * before its end stops the generation after the present step and frees its slot; what was generated so far is the
 * response then. The counterpart in the model card is {@code TextIteratorStreamer}.
 *
 * <p>One thread reads; any thread may close or wait for the response. If generating fails, reading throws
 * {@link InternVLException}.
 */
public final class ChatStream implements Iterable<String>, AutoCloseable {
    private static final Duration GRACE = Duration.ofSeconds(5);
    private static final Event END = new Event.End();

    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final AtomicBoolean read = new AtomicBoolean();
    private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    private final Outcome own = new Outcome(); // made before the end, which may come for want of memory
    private final AtomicReference<@Nullable Runnable> whenDone = new AtomicReference<>();
    private volatile @Nullable Long deadline;
    private volatile @Nullable Sequence sequence;
    private volatile @Nullable PiecePublication publication;

    /** The response, or what made it fail; written before the future has it. */
    private static final class Outcome {
        private @Nullable ChatResponse response;
        private @Nullable RuntimeException failure;
    }

    ChatStream() {}

    /** An event from the engine for the reader: a piece of text, or the end. */
    private sealed interface Event {
        record Piece(String text) implements Event {}

        record End() implements Event {}
    }

    /** Adds a piece of text. */
    void piece(String text) {
        events.add(new Event.Piece(text));
    }

    /** Ends the stream with its response. */
    void complete(ChatResponse response) {
        own.response = response;
        end();
    }

    /** Ends the stream with a failure, unless it has a response. To wake those that wait for the response needs no memory. */
    void fail(RuntimeException failure) {
        if (!outcome.isDone()) {
            own.response = null;
            own.failure = failure;
        }
        end();
    }

    private void end() {
        sequence = null; // nothing is left to cancel, and it would keep its memory
        outcome.complete(own);
        events.add(END);
        tellWhenDone();
    }

    /** Ties the stream to its sequence, right after the engine has taken it in. */
    void start(Sequence submitted) {
        this.sequence = submitted;
        this.deadline = submitted.deadline();
        if (outcome.isDone()) {
            this.sequence = null;
        }
    }

    /** Sets what runs once the response or the failure is there; if it throws on the engine's thread, it runs again later. */
    void whenDone(Runnable action) {
        whenDone.set(action);
        if (outcome.isDone()) {
            tellWhenDone();
        }
    }

    private void tellWhenDone() {
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

    /** The pieces of text; waits for each. May be called once. */
    @Override
    public Iterator<String> iterator() {
        claim();
        return new Iterator<>() {
            private @Nullable String next;

            @Override
            public boolean hasNext() {
                if (next == null) {
                    next = nextPiece();
                }
                return next != null;
            }

            @Override
            public String next() {
                if (!hasNext() || next == null) {
                    throw new NoSuchElementException("the answer has ended");
                }
                String piece = next;
                next = null;
                return piece;
            }
        };
    }

    /**
     * The pieces of text for one subscriber, who gets them on a thread of its own and no faster than it asks for them.
     * Cancelling the subscription closes the stream; a second subscriber gets an {@link IllegalStateException}.
     *
     * <p>A subscriber that is slow, or asks for nothing, holds up neither the engine nor its own answer: that is generated
     * to its end and frees its slot, and the pieces wait, at most {@code maxNewTokens} of them. A stream that is no longer wanted
     * should be cancelled.
     */
    public Flow.Publisher<String> publisher() {
        return subscriber -> {
            PiecePublication publication = new PiecePublication(this, subscriber);
            try {
                claim();
            } catch (IllegalStateException e) {
                PiecePublication.refuse(subscriber, e);
                return;
            }
            this.publication = publication;
            publication.start();
        };
    }

    /**
     * The whole response; waits for it. Pieces may be read before, meanwhile, or not at all. If the request has a time limit,
     * and the engine does not come back from its present step within five seconds after it, waiting ends with an {@link
     * InternVLException} whose cause is a {@link TimeoutException}.
     *
     * @throws IllegalStateException on the engine's thread, in a callback, before the response is there
     */
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
            close();
            throw late();
        } catch (ExecutionException e) {
            throw new IllegalStateException("an outcome never fails", e);
        }
    }

    private long nanosLeft() {
        Long end = deadline;
        return end == null ? Long.MAX_VALUE : nanosUntil(end);
    }

    /** How long to wait for a request that has to end at a time of {@link System#nanoTime}. */
    static long nanosUntil(long end) {
        return Math.max(0, end - System.nanoTime()) + GRACE.toNanos();
    }

    /** The failure of a request whose engine did not come back by then. */
    static InternVLException late() {
        return late("the engine has not come back from its present step; ask for smaller steps: fewer tiles,"
                + " shorter prompts, a smaller maxConcurrent");
    }

    /** The failure of a request that the engine had not got by then. */
    static InternVLException lateBeforeEngine() {
        return late("its preparation has not ended; ask for less at once: fewer requests, shorter texts, fewer tiles");
    }

    private static InternVLException late(String state) {
        return new InternVLException(
                "the time of the request was over " + GRACE.toSeconds() + " s ago, and " + state,
                new TimeoutException());
    }

    /** Stops generating, if it still goes on. Harmless when repeated. */
    @Override
    public void close() {
        Sequence submitted = sequence;
        if (submitted != null) {
            submitted.cancel();
        }
        PiecePublication subscribed = publication;
        if (subscribed != null) {
            subscribed.end();
        }
    }

    /** Forgets the subscriber, who has left or got all. */
    void unsubscribed() {
        publication = null;
    }

    private void claim() {
        if (!read.compareAndSet(false, true)) {
            throw new IllegalStateException("a stream can be read once: it already has an iterator or a subscriber");
        }
    }

    /** The next piece, or null at the end; throws what made the answer fail. */
    @Nullable
    String nextPiece() {
        if (events.isEmpty()) {
            Engine.refuseOwnThread();
        }
        try {
            Event event = deadline == null ? events.take() : events.poll(nanosLeft(), TimeUnit.NANOSECONDS);
            if (event == null) {
                close();
                throw late();
            }
            if (event instanceof Event.Piece piece) {
                return piece.text();
            }
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
        events.add(END); // for whoever asks again
        response();
        return null;
    }

    private InternVLException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        close();
        return new InternVLException("interrupted while waiting for the answer; its generation was stopped", e);
    }
}
