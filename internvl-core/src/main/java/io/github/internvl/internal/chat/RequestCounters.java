package io.github.internvl.internal.chat;

import io.github.internvl.ModelStats;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** The counters of a model's requests and tokens, which {@link RequestMetrics} of each request increments. Thread-safe. */
final class RequestCounters {
    private final AtomicLong arrivals = new AtomicLong();
    final AtomicInteger waiting = new AtomicInteger();
    final AtomicInteger running = new AtomicInteger();
    final LongAdder promptTokens = new LongAdder();
    final LongAdder cachedTokens = new LongAdder();
    final LongAdder generatedTokens = new LongAdder();
    final LongAdder answered = new LongAdder();
    final LongAdder failed = new LongAdder();
    final LongAdder rejected = new LongAdder();

    /** Counts a request that arrives; its number, from 1. */
    long arrive() {
        waiting.incrementAndGet();
        return arrivals.incrementAndGet();
    }

    ModelStats stats(double kvUse, Optional<String> failure) {
        return new ModelStats(
                running.get(),
                waiting.get(),
                kvUse,
                promptTokens.sum(),
                cachedTokens.sum(),
                generatedTokens.sum(),
                answered.sum(),
                failed.sum(),
                rejected.sum(),
                failure);
    }
}
