package io.github.internvl;

import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.ChatResponse.Timings;
import io.github.internvl.ChatResponse.Usage;
import io.github.internvl.internal.generate.Generation;
import io.github.internvl.internal.generate.TokenPrompt;
import io.github.internvl.internal.observe.RequestEvent;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows one request from its arrival to its end, and tells of it: the counts, the listener for metrics, the Flight
 * Recorder, the log. Exactly one of {@link #refused}, {@link #abandoned} and the end that its {@link #around} hears ends it.
 */
final class RequestWatch {
    private static final Logger LOG = LoggerFactory.getLogger(InternVL.class);

    private final Traffic traffic;
    private final RequestEvent event = new RequestEvent();
    private final long arrival = System.nanoTime();

    RequestWatch(Traffic traffic, long id) {
        this.traffic = traffic;
        event.id = id;
        event.begin();
    }

    /** Does what has to be done until the engine has the request; what that throws refuses it. */
    <T> T accepting(Supplier<T> work) {
        try {
            return work.get();
        } catch (RuntimeException | Error e) {
            refused(e);
            throw e;
        }
    }

    /** It is not taken in. */
    void refused(Throwable refusal) {
        traffic.waiting.decrementAndGet();
        traffic.rejected.increment();
        record("rejected", true, refusal.getClass().getSimpleName());
        suppressing(refusal, () -> traffic.metrics().onRejection(refusal));
    }

    /** Nobody waits for it any longer, before anything was done. */
    void abandoned() {
        traffic.waiting.decrementAndGet();
        traffic.answered.increment();
        record("cancelled", false, "before it was prepared");
        Timings none = new Timings(Duration.ZERO, sinceArrival(), Duration.ZERO, Duration.ZERO, Duration.ZERO);
        traffic.metrics()
                .onEnd(new MetricsListener.Ended(
                        event.id, FinishReason.CANCELLED, new Usage(0, 0, 0, 0, 0, 0, 0), none, sinceArrival()));
    }

    /** Listens to the engine in front of {@code inner}, for a prepared request. */
    Generation.Listener around(Generation.Listener inner, TokenPrompt prompt, Duration preprocess) {
        event.promptTokens = prompt.ids().length;
        event.visualTokens = prompt.visualPlaces().length;
        return new Ear(inner, preprocess);
    }

    private Duration sinceArrival() {
        return Duration.ofNanos(System.nanoTime() - arrival);
    }

    /** The end for the recorder and for the log, which never hears of prompts and pictures. */
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

    private static void suppressing(Throwable failure, Runnable telling) {
        try {
            telling.run();
        } catch (RuntimeException | Error e) {
            if (e != failure) {
                failure.addSuppressed(e);
            }
        }
    }

    /** Everything here happens on the engine's thread. */
    private final class Ear implements Generation.Listener {
        private final Generation.Listener inner;
        private final Duration preprocess;
        private boolean admitted;
        private long lastToken;

        Ear(Generation.Listener inner, Duration preprocess) {
            this.inner = inner;
            this.preprocess = preprocess;
        }

        @Override
        public void onAdmitted(int cachedTokens) {
            admitted = true;
            traffic.waiting.decrementAndGet();
            traffic.running.incrementAndGet();
            event.cachedTokens = cachedTokens;
            event.queued = System.nanoTime() - arrival;
        }

        @Override
        public void onText(String text) {
            inner.onText(text);
        }

        @Override
        public void onTokens(int count) {
            long now = System.nanoTime();
            traffic.generatedTokens.add(count);
            event.generatedTokens += count;
            if (event.timeToFirstToken == 0) {
                event.timeToFirstToken = now - arrival;
                traffic.promptTokens.add(event.promptTokens);
                traffic.cachedTokens.add(event.cachedTokens);
                Duration first = Duration.ofNanos(event.timeToFirstToken);
                stopping(() -> traffic.metrics()
                        .onFirstToken(
                                new MetricsListener.FirstToken(event.promptTokens, event.cachedTokens, count, first)));
            } else {
                Duration sinceLast = Duration.ofNanos(now - lastToken);
                stopping(() -> traffic.metrics().onTokens(count, sinceLast));
            }
            lastToken = now;
        }

        @Override
        public void onEnd(Generation generation) {
            leave();
            traffic.answered.increment();
            event.generatedTokens = generation.answers().stream()
                    .mapToInt(answer -> answer.ids().length)
                    .sum();
            FinishReason reason = generation.first().reason();
            record(reason.name().toLowerCase(Locale.ROOT), false, "answered");
            Usage usage = new Usage(
                    event.promptTokens,
                    event.visualTokens,
                    event.generatedTokens,
                    generation.cachedTokens(),
                    generation.cachedTiles(),
                    generation.draftedTokens(),
                    generation.acceptedTokens());
            Timings timings = RequestPreparer.timings(preprocess, generation);
            try {
                stopping(() -> traffic.metrics()
                        .onEnd(new MetricsListener.Ended(event.id, reason, usage, timings, sinceArrival())));
            } catch (InternVLException e) {
                inner.onFailure(e);
                return;
            }
            inner.onEnd(generation);
        }

        @Override
        public void onFailure(RuntimeException failure) {
            leave();
            traffic.failed.increment();
            record("error", true, failure.getClass().getSimpleName());
            suppressing(failure, () -> traffic.metrics().onFailure(failure, sinceArrival()));
            inner.onFailure(failure);
        }

        private void leave() {
            (admitted ? traffic.running : traffic.waiting).decrementAndGet();
        }

        private static void stopping(Runnable telling) {
            try {
                telling.run();
            } catch (RuntimeException | Error e) {
                throw new InternVLException("a MetricsListener must not throw: " + e + "; its request was stopped", e);
            }
        }
    }
}
