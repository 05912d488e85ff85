package io.github.internvl.internal.hub;

import io.github.internvl.DownloadException;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * How often a request is sent, and how long its answer is awaited.
 *
 * @param attempts most attempts that bring nothing
 * @param silence how long an answer may bring nothing
 * @param pause what waits between attempts
 */
record Patience(int attempts, Duration silence, Pause pause) {
    static final Patience USUAL = new Patience(6, Duration.ofSeconds(30), time -> Thread.sleep(time.toMillis()));

    private static final Duration FIRST = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofMinutes(5);

    /** Waits between two attempts. */
    interface Pause {
        void of(Duration time) throws InterruptedException;
    }

    /** Something that may pass: it throws {@link PassingFailure} for what another attempt can mend. */
    interface Attempt<T> {
        T run() throws PassingFailure, InterruptedException;
    }

    /** The same, but what fails at first has failed. */
    Patience none() {
        return new Patience(1, silence, pause);
    }

    /**
     * Attempts until it works, waiting longer each time, or as long as the server asks. An attempt after which
     * {@code reached} is farther than ever before does not count as one that brought nothing.
     */
    <T> T attempt(LongSupplier reached, Attempt<T> attempt) throws InterruptedException {
        int failures = 0;
        long farthest = reached.getAsLong();
        while (true) {
            try {
                return attempt.run();
            } catch (PassingFailure e) {
                long now = reached.getAsLong();
                failures = now > farthest ? 1 : failures + 1;
                farthest = Math.max(now, farthest);
                Duration wait = e.retryAfter().orElse(FIRST.multipliedBy(1L << Math.min(failures - 1, 6)));
                if (failures >= attempts || wait.compareTo(LONGEST) > 0) {
                    throw new DownloadException(
                            e.getMessage() + (attempts == 1 ? "" : ", " + failures + " times without progress")
                                    + "; try again "
                                    + (wait.compareTo(LONGEST) > 0 ? "in " + wait.toSeconds() + " s" : "later"),
                            e);
                }
                pause.of(wait);
            }
        }
    }
}
