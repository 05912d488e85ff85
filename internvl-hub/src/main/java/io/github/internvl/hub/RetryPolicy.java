package io.github.internvl.hub;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * The rule by which requests are repeated, with exponential back-off.
 *
 * @param attempts the most attempts in a row without progress; two where the server has never been reached
 * @param silence the longest time in which a response may bring no byte
 * @param pause waits between two attempts
 */
record RetryPolicy(int attempts, Duration silence, Pause pause) {
    static final RetryPolicy USUAL = new RetryPolicy(6, Duration.ofSeconds(30), time -> Thread.sleep(time.toMillis()));

    private static final Duration FIRST = Duration.ofSeconds(1);
    private static final int UNREACHED = 2;
    private static final Duration LONGEST = Duration.ofMinutes(5);

    /** Waits between two attempts. */
    interface Pause {
        void of(Duration time) throws InterruptedException;
    }

    /** A request that throws {@link TransientFailure} where another attempt may succeed. */
    interface Attempt<T> {
        T run() throws TransientFailure, InterruptedException;
    }

    /** The same policy without a second attempt. */
    RetryPolicy none() {
        return new RetryPolicy(1, silence, pause);
    }

    /**
     * Attempts until one succeeds, waiting longer each time, or as long as the server requests. An attempt after which
     * {@code reached} is farther than ever before counts as progress.
     */
    <T> T attempt(LongSupplier reached, Attempt<T> attempt) throws InterruptedException {
        int failures = 0;
        long farthest = reached.getAsLong();
        while (true) {
            try {
                return attempt.run();
            } catch (TransientFailure e) {
                long now = reached.getAsLong();
                failures = now > farthest ? 1 : failures + 1;
                farthest = Math.max(now, farthest);
                Duration wait = e.retryAfter().orElse(FIRST.multipliedBy(1L << Math.min(failures - 1, 6)));
                int most = e.isUnreached() ? Math.min(attempts, UNREACHED) : attempts;
                if (failures >= most || wait.compareTo(LONGEST) > 0) {
                    throw new DownloadException(
                            e.getMessage() + (attempts == 1 ? "" : ", " + failures + " times without progress") + "; "
                                    + remedy(e, wait),
                            e);
                }
                pause.of(wait);
            }
        }
    }

    private static String remedy(TransientFailure failure, Duration wait) {
        if (failure.isUnreached()) {
            return "check the network, and the proxy if there is one";
        }
        return "try again " + (wait.compareTo(LONGEST) > 0 ? "in " + wait.toSeconds() + " s" : "later");
    }
}
