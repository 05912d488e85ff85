package io.github.internvl.server;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/** How many requests a client may send in a minute: so many at once, then one whenever its share of a minute has passed. Thread-safe. */
final class RateLimit {
    private static final int MOST_CLIENTS = 10_000;

    private final int perMinute;
    private final long nanosOfOne;
    private final LongSupplier clock;

    /** When the requests that a client has sent so far would be over, at the allowed rate; of clients seen last. */
    private final Map<String, Long> paidUntil = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
            return size() > MOST_CLIENTS;
        }
    };

    /** Makes a limit, 0 for none, that reads the time in nanoseconds from {@code clock}. */
    RateLimit(int perMinute, LongSupplier clock) {
        this.perMinute = perMinute;
        this.nanosOfOne = Duration.ofMinutes(1).toNanos() / Math.max(perMinute, 1);
        this.clock = clock;
    }

    /** Counts a request of a client, or refuses it and does not count it. */
    void count(String client) {
        if (perMinute == 0) {
            return;
        }
        synchronized (paidUntil) {
            long now = clock.getAsLong();
            long ahead = Math.max(paidUntil.getOrDefault(client, now) - now, 0); // nanoTime may wrap
            long over = ahead + nanosOfOne - perMinute * nanosOfOne;
            if (over > 0) {
                throw Refusal.tooMuch(
                        "rate_limit_exceeded",
                        "at most " + perMinute + " requests a minute are allowed",
                        Duration.ofNanos(over));
            }
            paidUntil.put(client, now + ahead + nanosOfOne);
        }
    }
}
