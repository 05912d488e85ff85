package io.github.internvl.internal.chat;

import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.ChatResponse.Timings;
import io.github.internvl.ChatResponse.Usage;
import io.github.internvl.InternVLException;
import io.github.internvl.MetricsListener;
import io.github.internvl.internal.engine.Generation;
import io.github.internvl.internal.engine.PreparedRequest.TokenPrompt;
import io.github.internvl.internal.observe.Trace;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The metrics of one request from its arrival to its end, for four readers: the counters, the {@link MetricsListener}, the Flight
 * Recorder, and the log. Exactly one of {@link #refused}, {@link #abandoned}, {@link #ended} and {@link #failed} ends it. One thread at
 * a time: the caller's until the engine has the request, then the engine's.
 */
final class RequestMetrics {
    private static final Logger LOG = LoggerFactory.getLogger(RequestMetrics.class.getPackageName());

    /** The counters of a model's requests and tokens, incremented by the metrics of each request. Thread-safe. */
    static final class Counters {
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

        MetricsListener.Stats stats(double kvUse, Optional<String> failure) {
            return new MetricsListener.Stats(
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

    private final Counters counters;
    private final MetricsListener listener;
    private final Trace.Request event = new Trace.Request();
    private final long arrival = System.nanoTime();
    private boolean admitted;
    private boolean over;
    private long lastToken;

    /** Counts a request that arrives. */
    RequestMetrics(Counters counters, MetricsListener listener) {
        this.counters = counters;
        this.listener = listener;
        event.id = counters.arrive();
        event.begin();
    }

    /** Runs the work before the engine has the request; an exception from it refuses the request, or ends one that is cancelled. */
    <T> T accepting(Supplier<T> work) {
        try {
            return work.get();
        } catch (CancellationException e) {
            abandoned("while it was prepared");
            throw e;
        } catch (Throwable e) {
            refused(e);
            throw e;
        }
    }

    /** The request is refused. */
    void refused(Throwable refusal) {
        counters.waiting.decrementAndGet();
        counters.rejected.increment();
        record("rejected", true, refusal.getClass().getSimpleName());
        suppressing(refusal, () -> listener.onRejection(refusal));
    }

    /** The caller has cancelled the request before the engine had it. */
    void abandoned(String moment) {
        counters.waiting.decrementAndGet();
        counters.answered.increment();
        record("cancelled", false, moment);
        Timings none = new Timings(Duration.ZERO, sinceArrival(), Duration.ZERO, Duration.ZERO, Duration.ZERO);
        listener.onEnd(new MetricsListener.Ended(
                event.id, FinishReason.CANCELLED, new Usage(0, 0, 0, 0, 0, 0, 0), none, sinceArrival()));
    }

    /** The request is prepared. */
    void prepared(TokenPrompt prompt) {
        event.promptTokens = prompt.ids().length;
        event.visualTokens = prompt.visualPlaces().length;
    }

    /** The request has its slots. */
    void admitted(int cachedTokens) {
        if (admitted) {
            return; // a second try, after there was no memory for the first
        }
        admitted = true;
        counters.waiting.decrementAndGet();
        counters.running.incrementAndGet();
        event.cachedTokens = cachedTokens;
        event.queued = System.nanoTime() - arrival;
    }

    /** The next tokens are chosen; throws an exception of the listener. */
    void generated(int count) {
        long now = System.nanoTime();
        counters.generatedTokens.add(count);
        event.generatedTokens += count;
        if (event.timeToFirstToken == 0) {
            event.timeToFirstToken = now - arrival;
            counters.promptTokens.add(event.promptTokens);
            counters.cachedTokens.add(event.cachedTokens);
            Duration first = Duration.ofNanos(event.timeToFirstToken);
            stopping(() -> listener.onFirstToken(
                    new MetricsListener.FirstToken(event.promptTokens, event.cachedTokens, count, first)));
        } else {
            Duration sinceLast = Duration.ofNanos(now - lastToken);
            stopping(() -> listener.onTokens(count, sinceLast));
        }
        lastToken = now;
    }

    /** The request is answered; throws an exception of the listener. */
    void ended(Generation generation) {
        leave();
        counters.answered.increment();
        event.generatedTokens = generation.usage().generatedTokens();
        FinishReason reason = generation.first().reason();
        record(reason.name().toLowerCase(Locale.ROOT), false, "answered");
        stopping(() -> listener.onEnd(
                new MetricsListener.Ended(event.id, reason, generation.usage(), generation.timings(), sinceArrival())));
    }

    /** The request has failed in the engine. */
    void failed(RuntimeException failure) {
        if (!over) {
            leave();
            counters.failed.increment();
            record("error", true, failure.getClass().getSimpleName());
            suppressing(failure, () -> listener.onFailure(failure, sinceArrival()));
        }
    }

    private void leave() {
        over = true;
        (admitted ? counters.running : counters.waiting).decrementAndGet();
    }

    private Duration sinceArrival() {
        return Duration.ofNanos(System.nanoTime() - arrival);
    }

    /** Writes the end to the recorder and to the log, which gets no prompts and no pictures. */
    private void record(String reason, boolean failed, String detail) {
        event.finishReason = reason;
        event.failed = failed;
        event.commit();
        LOG.debug(
                "request {}: {} ({}), {} prompt tokens, {} visual, {} cached, {} generated; "
                        + "queued {} ms, first token after {} ms, ended after {} ms",
                event.id,
                reason,
                detail,
                event.promptTokens,
                event.visualTokens,
                event.cachedTokens,
                event.generatedTokens,
                Duration.ofNanos(event.queued).toMillis(),
                Duration.ofNanos(event.timeToFirstToken).toMillis(),
                sinceArrival().toMillis());
    }

    private static void suppressing(Throwable failure, Runnable call) {
        try {
            call.run();
        } catch (Throwable e) { // a listener may throw anything, checked exceptions too
            if (e != failure) {
                failure.addSuppressed(e);
            }
        }
    }

    private static void stopping(Runnable call) {
        try {
            call.run();
        } catch (OutOfMemoryError e) { // whichever request took the memory
            throw e;
        } catch (Throwable e) { // checked exceptions too
            throw new InternVLException("a MetricsListener must not throw: " + e + "; its request was stopped", e);
        }
    }
}
