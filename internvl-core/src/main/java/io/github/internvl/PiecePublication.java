package io.github.internvl;

import io.github.internvl.ChatResponse.Piece;
import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One subscription to a stream: a daemon thread that takes a piece for each one asked for. */
final class PiecePublication<T> implements Flow.Subscription {
    private static final long PAUSE_NANOS = 20_000_000;

    private final ChatStream stream;
    private final Function<Piece, @Nullable T> view;
    private final Flow.Subscriber<? super T> subscriber;

    private final Object gate = new Object(); // guards the three below
    private long demand;
    private boolean cancelled;
    private @Nullable IllegalArgumentException misuse;

    private boolean told; // of the end; the thread's own

    PiecePublication(ChatStream stream, Function<Piece, @Nullable T> view, Flow.Subscriber<? super T> subscriber) {
        this.stream = stream;
        this.view = view;
        this.subscriber = Objects.requireNonNull(subscriber, "subscriber");
    }

    /** Tells a subscriber that the stream is already read. */
    static void refuse(Flow.Subscriber<?> subscriber, IllegalStateException reason) {
        subscriber.onSubscribe(new Flow.Subscription() {
            @Override
            public void request(long count) {}

            @Override
            public void cancel() {}
        });
        subscriber.onError(reason);
    }

    void start() {
        Thread thread = new Thread(this::run, "internvl-publisher");
        thread.setDaemon(true);
        thread.setContextClassLoader(PiecePublication.class.getClassLoader());
        thread.start();
    }

    @Override
    public void request(long count) {
        synchronized (gate) {
            if (count <= 0) {
                misuse = new IllegalArgumentException(
                        "a subscriber must ask for at least 1 piece (rule 3.9 of Reactive Streams): " + count);
            } else {
                demand = demand + count < 0 ? Long.MAX_VALUE : demand + count;
            }
            gate.notifyAll();
        }
    }

    @Override
    public void cancel() {
        stream.close();
    }

    /** The stream is closed: the thread need not wait any longer. */
    void end() {
        synchronized (gate) {
            cancelled = true;
            gate.notifyAll();
        }
    }

    private void run() {
        try {
            subscriber.onSubscribe(this);
            publish();
        } catch (OutOfMemoryError e) { // of the subscriber or of this thread
            tell(e);
        } catch (Throwable e) { // checked exceptions too: the subscriber itself has failed
            if (!told) {
                tell(e);
            }
            throw e;
        } finally {
            stream.close();
            stream.unsubscribed();
        }
    }

    /** Tells the subscriber of a failure, as soon as there is memory for it. */
    private void tell(Throwable reason) {
        told = true;
        for (boolean left = isCancelled(); !left; ) {
            try {
                subscriber.onError(reason);
                left = true;
            } catch (OutOfMemoryError e) {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    private void publish() {
        try {
            for (T piece = stream.nextPiece(view); piece != null; piece = stream.nextPiece(view)) {
                awaitDemand();
                IllegalArgumentException wrong = misuse();
                if (wrong != null) {
                    fail(wrong);
                    return;
                }
                if (isCancelled()) {
                    return;
                }
                subscriber.onNext(piece);
            }
        } catch (InternVLException | InvalidRequestException e) {
            fail(e);
            return;
        }
        IllegalArgumentException wrong = misuse();
        if (wrong != null) {
            fail(wrong);
        } else if (!isCancelled()) {
            told = true;
            subscriber.onComplete();
        }
    }

    /** Waits until a piece is asked for, or none will be. */
    private void awaitDemand() {
        synchronized (gate) {
            while (demand == 0 && !cancelled && misuse == null) {
                try {
                    gate.wait();
                } catch (InterruptedException e) {
                    cancelled = true; // somebody wants this thread to end
                }
            }
            demand = Math.max(demand - 1, 0);
        }
    }

    /** Tells the subscriber, unless it has left, and stops the generation. */
    private void fail(RuntimeException reason) {
        if (!isCancelled()) {
            told = true;
            subscriber.onError(reason);
        }
        stream.close();
    }

    private @Nullable IllegalArgumentException misuse() {
        synchronized (gate) {
            return misuse;
        }
    }

    private boolean isCancelled() {
        synchronized (gate) {
            return cancelled;
        }
    }
}
