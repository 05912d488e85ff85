package io.github.internvl.server.http;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/** A limit of requests per minute and client: a burst of that size, then one request per share of the minute. Thread-safe. */
final class RateLimit {
    private static final int MOST_CLIENTS = 10_000;

    private final int perMinute;
    private final long nanosOfOne;
    private final LongSupplier clock;

    /** For each recent client, the time at which its requests so far would end at the allowed rate. */
    private final Map<String, Long> paidUntil = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
            return size() > MOST_CLIENTS;
        }
    };

    /** Creates a limit, 0 for none; {@code clock} gives nanoseconds. */
    RateLimit(int perMinute, LongSupplier clock) {
        this.perMinute = perMinute;
        this.nanosOfOne = Duration.ofMinutes(1).toNanos() / Math.max(perMinute, 1);
        this.clock = clock;
    }

    /** Counts a request of a client, or rejects it without counting it. */
    void count(String client) {
        if (perMinute == 0) {
            return;
        }
        synchronized (paidUntil) {
            long now = clock.getAsLong();
            long ahead = Math.max(paidUntil.getOrDefault(client, now) - now, 0); // nanoTime may wrap
            long over = ahead + nanosOfOne - perMinute * nanosOfOne;
            if (over > 0) {
                throw ApiException.tooManyRequests(
                        "rate_limit_exceeded",
                        "at most " + perMinute + " requests per minute are allowed",
                        Duration.ofNanos(over));
            }
            paidUntil.put(client, now + ahead + nanosOfOne);
        }
    }
}
