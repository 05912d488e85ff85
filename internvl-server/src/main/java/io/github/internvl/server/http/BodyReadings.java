package io.github.internvl.server.http;

import io.github.internvl.RequestBudget;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The request bodies that are being read, a bounded number at once, each by a thread that waits for its client. When a new body
 * finds no room, the slowest one ends, so that clients that send almost nothing cannot block others. Thread-safe.
 */
final class BodyReadings {
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

    private static final long GRACE_NANOS = Duration.ofSeconds(10).toNanos();
    private static final long LEAST_BYTES_A_SECOND = 1024;
    private static final long YOUNG_NANOS = Duration.ofSeconds(1).toNanos();
    private static final double SECOND = 1e9;

    private final int most;
    private final List<Reading> current = new ArrayList<>();

    BodyReadings(int most) {
        this.most = most;
    }

    /** Begins to read a body on this thread, or rejects it. */
    synchronized Reading begin() {
        if (current.size() >= most) {
            long now = System.nanoTime();
            Reading slowest = current.stream()
                    .filter(reading -> now - reading.start > YOUNG_NANOS)
                    .min((one, other) -> Double.compare(one.rate(now), other.rate(now)))
                    .orElseThrow(() -> ApiException.tooManyRequests(
                            "server_busy",
                            "the server is reading " + most + " request bodies, its limit; retry later",
                            Duration.ofSeconds(1)));
            current.remove(slowest);
            slowest.displaced = true;
            slowest.thread.interrupt();
        }
        Reading reading = new Reading();
        current.add(reading);
        return reading;
    }

    synchronized int count() {
        return current.size();
    }

    private synchronized void end(Reading reading) {
        current.remove(reading);
        if (reading.displaced) {
            boolean unused = Thread.interrupted(); // the interrupt was meant for this reading
        }
    }

    /** The longest pause between bytes of a body, in milliseconds: at most the time that the request has left. */
    static long pause(RequestBudget budget) {
        long pause = LONGEST_PAUSE.toMillis();
        if (budget.deadlineNanos().isEmpty()) {
            return pause;
        }
        long left = Duration.ofNanos(budget.deadlineNanos().getAsLong() - System.nanoTime())
                .toMillis();
        return Math.max(1, Math.min(pause, left + 1));
    }

    static ApiException tooSlow() {
        return ApiException.status(
                408,
                "body_too_slow",
                "the body must arrive at " + LEAST_BYTES_A_SECOND + " bytes per second or more, without a pause of "
                        + LONGEST_PAUSE.toSeconds() + " seconds; retry over a faster connection");
    }

    /** One body; used by its own thread, except for the bookkeeping. */
    final class Reading implements AutoCloseable {
        private final Thread thread = Thread.currentThread();
        private final long start = System.nanoTime();
        private volatile long bytes;
        private volatile boolean displaced;

        private Reading() {}

        private double rate(long now) {
            return bytes * SECOND / Math.max(now - start, 1);
        }

        long bytes() {
            return bytes;
        }

        /** Counts received bytes, and ends a body that arrives too slowly. */
        void received(int more) {
            long sum = bytes() + more; // written by this thread only
            bytes = sum;
            check();
            long now = System.nanoTime();
            if (now - start > GRACE_NANOS && rate(now) < LEAST_BYTES_A_SECOND) {
                throw tooSlow();
            }
        }

        /** Ends a body that another one has displaced. */
        void check() {
            if (displaced) {
                throw ApiException.status(
                        408,
                        "body_too_slow",
                        "the body was the slowest of the " + most + " that the server reads at once, and others were"
                                + " waiting; retry");
            }
        }

        @Override
        public void close() {
            end(this);
        }
    }
}
