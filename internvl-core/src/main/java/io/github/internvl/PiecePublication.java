package io.github.internvl;

import java.util.concurrent.Flow;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** One subscription to a stream: a daemon thread that takes a piece for each one asked for. */
final class PiecePublication implements Flow.Subscription {
    private final ChatStream stream;
    private final Flow.Subscriber<? super String> subscriber;
    private final Semaphore demand = new Semaphore(0);
    private volatile boolean cancelled;
    private volatile @Nullable IllegalArgumentException misuse;

    PiecePublication(ChatStream stream, Flow.Subscriber<? super String> subscriber) {
        this.stream = stream;
        this.subscriber = subscriber;
    }

    void start() {
        Thread thread = new Thread(this::run, "internvl-publisher");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void request(long count) {
        if (count <= 0) {
            misuse = new IllegalArgumentException("a subscriber must ask for at least 1 piece: " + count);
            demand.release();
            return;
        }
        int free = Integer.MAX_VALUE - demand.availablePermits();
        demand.release((int) Math.min(count, free));
    }

    @Override
    public void cancel() {
        cancelled = true;
        stream.close();
        demand.release(demand.availablePermits() == Integer.MAX_VALUE ? 0 : 1);
    }

    private void run() {
        try {
            subscriber.onSubscribe(this);
            publish();
        } catch (RuntimeException | Error e) {
            stream.close(); // the subscriber itself failed
            throw e;
        }
    }

    private void publish() {
        while (true) {
            String piece;
            try {
                piece = stream.nextPiece();
            } catch (RuntimeException e) {
                if (!cancelled) {
                    subscriber.onError(e);
                }
                return;
            }
            if (piece == null) {
                if (!cancelled) {
                    subscriber.onComplete();
                }
                return;
            }
            demand.acquireUninterruptibly();
            if (cancelled) {
                return;
            }
            IllegalArgumentException wrong = misuse;
            if (wrong != null) {
                stream.close();
                subscriber.onError(wrong);
                return;
            }
            subscriber.onNext(piece);
        }
    }
}
