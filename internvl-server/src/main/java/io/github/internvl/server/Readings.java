package io.github.internvl.server;

import io.github.internvl.RequestBudget;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The bodies that are being read, a bounded number at once, each by a thread that waits for its client. Where one more comes than
 * there is room for, the slowest ends, so that clients who send next to nothing hold up nobody. Thread-safe.
 */
final class Readings {
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

    private static final long GRACE_NANOS = Duration.ofSeconds(10).toNanos();
    private static final long LEAST_BYTES_A_SECOND = 1024;
    private static final long YOUNG_NANOS = Duration.ofSeconds(1).toNanos();
    private static final double SECOND = 1e9;

    private final int most;
    private final List<Reading> current = new ArrayList<>();

    Readings(int most) {
        this.most = most;
    }

    /** Begins to read a body on this thread, or refuses it. */
    synchronized Reading begin() {
        if (current.size() >= most) {
            long now = System.nanoTime();
            Reading slowest = current.stream()
                    .filter(reading -> now - reading.start > YOUNG_NANOS)
                    .min((one, other) -> Double.compare(one.rate(now), other.rate(now)))
                    .orElseThrow(() -> Refusal.tooMuch(
                            "server_busy",
                            "the server reads the bodies of " + most + " requests; send it again later",
                            Duration.ofSeconds(1)));
            current.remove(slowest);
            slowest.outrun = true;
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
        if (reading.outrun) {
            boolean unused = Thread.interrupted(); // it was meant for the reading
        }
    }

    /** The longest time without a byte of a body, in milliseconds: no longer than the request has. */
    static long pause(RequestBudget budget) {
        long pause = LONGEST_PAUSE.toMillis();
        if (budget.deadlineNanos().isEmpty()) {
            return pause;
        }
        long left = Duration.ofNanos(budget.deadlineNanos().getAsLong() - System.nanoTime())
                .toMillis();
        return Math.max(1, Math.min(pause, left + 1));
    }

    static Refusal tooSlow() {
        return Refusal.status(
                408,
                "body_too_slow",
                "the body must come at " + LEAST_BYTES_A_SECOND + " bytes a second or more, with no pause of "
                        + LONGEST_PAUSE.toSeconds() + " seconds; send it again over a faster line");
    }

    /** One body; all but the bookkeeping is its own thread's. */
    final class Reading implements AutoCloseable {
        private final Thread thread = Thread.currentThread();
        private final long start = System.nanoTime();
        private volatile long bytes;
        private volatile boolean outrun;

        private Reading() {}

        private double rate(long now) {
            return bytes * SECOND / Math.max(now - start, 1);
        }

        long bytes() {
            return bytes;
        }

        /** Counts bytes that came, and ends a body that comes too slowly. */
        void came(int more) {
            long sum = bytes() + more; // no other thread writes it
            bytes = sum;
            check();
            long now = System.nanoTime();
            if (now - start > GRACE_NANOS && rate(now) < LEAST_BYTES_A_SECOND) {
                throw tooSlow();
            }
        }

        /** Ends a body whose place another has taken. */
        void check() {
            if (outrun) {
                throw Refusal.status(
                        408,
                        "body_too_slow",
                        "the body was the slowest of the " + most + " that the server reads at once, and others waited;"
                                + " send it again");
            }
        }

        @Override
        public void close() {
            end(this);
        }
    }
}
