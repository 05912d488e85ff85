package io.github.internvl;

import io.github.internvl.internal.generate.Generation;
import io.github.internvl.internal.generate.Sequence;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Function;
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
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final AtomicBoolean read = new AtomicBoolean();
    private final CompletableFuture<ChatResponse> outcome = new CompletableFuture<>();
    private final Function<Generation, ChatResponse> finish;
    private volatile @Nullable Sequence sequence;
    private volatile @Nullable PiecePublication publication;

    /** What a reader gets from the engine: a piece of text, or that no more come. */
    private sealed interface Event {
        record Piece(String text) implements Event {}

        record End() implements Event {}
    }

    /** Makes a stream whose response {@code finish} makes of what the engine gives, on the engine's thread. */
    ChatStream(Function<Generation, ChatResponse> finish) {
        this.finish = finish;
    }

    /** The ear that the engine speaks to. */
    Generation.Listener listener() {
        return new Generation.Listener() {
            @Override
            public void onText(String text) {
                events.add(new Event.Piece(text));
            }

            @Override
            public void onEnd(Generation generation) {
                sequence = null; // nothing is left to cancel, and it would keep its memory
                outcome.complete(finish.apply(generation));
                events.add(new Event.End());
            }

            @Override
            public void onFailure(RuntimeException cause) {
                sequence = null;
                outcome.completeExceptionally(cause);
                events.add(new Event.End());
            }
        };
    }

    /** Ties the stream to its sequence, right after the engine has taken it in. */
    void start(Sequence submitted) {
        this.sequence = submitted;
        if (outcome.isDone()) {
            this.sequence = null;
        }
    }

    /** Tells the response, or what made it fail, on a thread of {@code executor}. */
    void whenDone(Executor executor, BiConsumer<@Nullable ChatResponse, @Nullable Throwable> listener) {
        CompletableFuture<ChatResponse> unused = outcome.whenCompleteAsync(listener, executor);
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
     * to its end and frees its slot, and the pieces wait, at most {@code maxNewTokens} of them. What is not wanted any more,
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

    /** The whole response; waits for it. Pieces may be read before, meanwhile, or not at all. */
    public ChatResponse response() {
        try {
            return outcome.get();
        } catch (InterruptedException e) {
            throw interrupted(e);
        } catch (ExecutionException e) {
            throw (RuntimeException) e.getCause(); // as onFailure takes it
        }
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
        try {
            Event event = events.take();
            if (event instanceof Event.Piece piece) {
                return piece.text();
            }
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
        events.add(new Event.End()); // for whoever asks again
        response();
        return null;
    }

    private InternVLException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        close();
        return new InternVLException("interrupted while waiting for the answer; its generation was stopped", e);
    }
}
