package io.github.internvl;

import io.github.internvl.ChatResponse.Piece;
import io.github.internvl.internal.chat.AnswerStream;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An answer while it is generated: its text piece by piece, then the whole response. Single use: either iterate, or
 * subscribe to {@link #publisher()}, or just wait for {@link #response()}.
 *
 * <p>Pieces are whole characters and never taken back; together they are the text of the response. Thinking that the request
 * {@linkplain ChatRequest.Builder#thinking separates} is left out, except in {@link #pieces} and {@link #piecePublisher}. Closing a stream
 * before its end stops the generation after the present step and frees its slot; what was generated so far is the
 * response then. The counterpart in the model card is {@code TextIteratorStreamer}.
 *
 * <p>One thread reads; any thread may close or wait for the response. If generating fails, reading throws
 * {@link InternVLException}.
 */
public final class ChatStream implements Iterable<String>, AutoCloseable {
    private final AnswerStream answer;
    private final AtomicBoolean read = new AtomicBoolean();
    private volatile @Nullable PiecePublication<?> publication;

    ChatStream(AnswerStream answer) {
        this.answer = answer;
    }

    /** The pieces of text; waits for each. May be called once. */
    @Override
    public Iterator<String> iterator() {
        return iterator(ChatStream::text);
    }

    /** The pieces of thinking and text; reading them is reading the stream. */
    public Iterable<Piece> pieces() {
        return () -> iterator(piece -> piece);
    }

    private <T> Iterator<T> iterator(Function<Piece, @Nullable T> view) {
        claim();
        return new Iterator<>() {
            private @Nullable T next;

            @Override
            public boolean hasNext() {
                if (next == null) {
                    next = nextPiece(view);
                }
                return next != null;
            }

            @Override
            public T next() {
                if (!hasNext() || next == null) {
                    throw new NoSuchElementException("the answer has ended");
                }
                T piece = next;
                next = null;
                return piece;
            }
        };
    }

    private static @Nullable String text(Piece piece) {
        return piece.thinking() ? null : piece.text();
    }

    /**
     * A publisher of the pieces of text for one subscriber, on a daemon thread of that subscription, with back-pressure.
     * Cancelling the subscription closes the stream; a second subscriber gets an {@link IllegalStateException}.
     *
     * <p>A subscriber that is slow, or asks for nothing, holds up neither the engine nor its own answer: that is generated
     * to its end and frees its slot, and the pieces wait, at most {@code maxNewTokens} of them. A stream that is no longer wanted
     * should be cancelled.
     */
    public Flow.Publisher<String> publisher() {
        return publisher(ChatStream::text);
    }

    /** The same of the pieces of thinking and text. */
    public Flow.Publisher<Piece> piecePublisher() {
        return publisher(piece -> piece);
    }

    private <T> Flow.Publisher<T> publisher(Function<Piece, @Nullable T> view) {
        return subscriber -> {
            PiecePublication<T> publication = new PiecePublication<>(this, view, subscriber);
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
     * and the engine does not finish its current step within five seconds after it, waiting ends with an {@link
     * InternVLException} whose cause is a {@link TimeoutException}.
     *
     * @throws IllegalStateException on the engine's thread, in a callback, before the response is there
     */
    public ChatResponse response() {
        try {
            return answer.response();
        } catch (InternVLException e) {
            if (e.getCause() instanceof TimeoutException || e.getCause() instanceof InterruptedException) {
                close(); // a subscriber would wait for ever
            }
            throw e;
        }
    }

    /** Stops the generation, unless it has ended. Harmless when repeated. */
    @Override
    public void close() {
        answer.cancel();
        PiecePublication<?> subscribed = publication;
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

    /** Waits for the next piece of a view, which leaves some out as null; null at the end. Throws the failure of the request. */
    <T> @Nullable T nextPiece(Function<Piece, @Nullable T> view) {
        for (Piece piece = answer.nextPiece(); piece != null; piece = answer.nextPiece()) {
            T seen = view.apply(piece);
            if (seen != null) {
                return seen;
            }
        }
        return null;
    }
}
