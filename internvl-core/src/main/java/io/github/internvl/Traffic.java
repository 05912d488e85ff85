package io.github.internvl;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** Counts the requests and tokens of a model; {@link RequestWatch} follows each request. Thread-safe. */
final class Traffic {
    private final MetricsListener metrics;
    private final AtomicLong arrivals = new AtomicLong();
    final AtomicInteger waiting = new AtomicInteger();
    final AtomicInteger running = new AtomicInteger();
    final LongAdder promptTokens = new LongAdder();
    final LongAdder cachedTokens = new LongAdder();
    final LongAdder generatedTokens = new LongAdder();
    final LongAdder answered = new LongAdder();
    final LongAdder failed = new LongAdder();
    final LongAdder rejected = new LongAdder();

    Traffic(MetricsListener metrics) {
        this.metrics = metrics;
    }

    MetricsListener metrics() {
        return metrics;
    }

    /** The model has been asked. */
    RequestWatch arrived() {
        waiting.incrementAndGet();
        return new RequestWatch(this, arrivals.incrementAndGet());
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
