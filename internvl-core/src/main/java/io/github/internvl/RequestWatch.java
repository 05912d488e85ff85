package io.github.internvl;

import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.ChatResponse.Timings;
import io.github.internvl.ChatResponse.Usage;
import io.github.internvl.internal.generate.Generation;
import io.github.internvl.internal.generate.TokenPrompt;
import io.github.internvl.internal.observe.Trace;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows one request from its arrival to its end, and tells of it: the counts, the listener for metrics, the Flight
 * Recorder, the log. Exactly one of {@link #refused}, {@link #abandoned} and the end that its {@link #listener} hears ends it.
 */
final class RequestWatch {
    private static final Logger LOG = LoggerFactory.getLogger(InternVL.class);

    private final Traffic traffic;
    private final Trace.Request event = new Trace.Request();
    private final long arrival = System.nanoTime();

    RequestWatch(Traffic traffic, long id) {
        this.traffic = traffic;
        event.id = id;
        event.begin();
    }

    /** Does what has to be done until the engine has the request; what that throws refuses it, or ends it if it is cancelled. */
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

    /** It is not taken in. */
    void refused(Throwable refusal) {
        traffic.waiting.decrementAndGet();
        traffic.rejected.increment();
        record("rejected", true, refusal.getClass().getSimpleName());
        suppressing(refusal, () -> traffic.metrics().onRejection(refusal));
    }

    /** Its caller has cancelled it before the engine had it. */
    void abandoned(String moment) {
        traffic.waiting.decrementAndGet();
        traffic.answered.increment();
        record("cancelled", false, moment);
        Timings none = new Timings(Duration.ZERO, sinceArrival(), Duration.ZERO, Duration.ZERO, Duration.ZERO);
        traffic.metrics()
                .onEnd(new MetricsListener.Ended(
                        event.id, FinishReason.CANCELLED, new Usage(0, 0, 0, 0, 0, 0, 0), none, sinceArrival()));
    }

    /**
     * The engine's listener for a prepared request, which counts and then tells the stream.
     *
     * @param finish makes the response
     * @param onResponse gets it before the stream does
     */
    Generation.Listener listener(
            ChatStream stream,
            TokenPrompt prompt,
            Duration preprocess,
            Function<Generation, ChatResponse> finish,
            Consumer<ChatResponse> onResponse) {
        event.promptTokens = prompt.ids().length;
        event.visualTokens = prompt.visualPlaces().length;
        return new EngineListener(stream, preprocess, finish, onResponse);
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
        } catch (Throwable e) { // a listener may throw anything, checked exceptions too
            if (e != failure) {
                failure.addSuppressed(e);
            }
        }
    }

    /** Everything here happens on the engine's thread; what it throws fails the request, by {@link #onFailure}. */
    private final class EngineListener implements Generation.Listener {
        private final ChatStream stream;
        private final Duration preprocess;
        private final Function<Generation, ChatResponse> finish;
        private final Consumer<ChatResponse> onResponse;
        private boolean admitted;
        private boolean over;
        private long lastToken;

        EngineListener(
                ChatStream stream,
                Duration preprocess,
                Function<Generation, ChatResponse> finish,
                Consumer<ChatResponse> onResponse) {
            this.stream = stream;
            this.preprocess = preprocess;
            this.finish = finish;
            this.onResponse = onResponse;
        }

        @Override
        public void onAdmitted(int cachedTokens) {
            if (admitted) {
                return; // a second try, after there was no memory for the first
            }
            admitted = true;
            traffic.waiting.decrementAndGet();
            traffic.running.incrementAndGet();
            event.cachedTokens = cachedTokens;
            event.queued = System.nanoTime() - arrival;
        }

        @Override
        public void onText(String text) {
            stream.piece(text);
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
            ChatResponse response = finish.apply(generation);
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
            stopping(() -> traffic.metrics()
                    .onEnd(new MetricsListener.Ended(event.id, reason, usage, timings, sinceArrival())));
            onResponse.accept(response);
            stream.complete(response);
        }

        @Override
        public void onFailure(RuntimeException failure) {
            try {
                if (!over) {
                    leave();
                    traffic.failed.increment();
                    record("error", true, failure.getClass().getSimpleName());
                    suppressing(failure, () -> traffic.metrics().onFailure(failure, sinceArrival()));
                }
            } finally { // for want of memory a record may be missing, but the caller is told
                stream.fail(failure);
            }
        }

        private void leave() {
            over = true;
            (admitted ? traffic.running : traffic.waiting).decrementAndGet();
        }

        private static void stopping(Runnable telling) {
            try {
                telling.run();
            } catch (OutOfMemoryError e) { // whoever took the memory
                throw e;
            } catch (Throwable e) { // checked exceptions too
                throw new InternVLException("a MetricsListener must not throw: " + e + "; its request was stopped", e);
            }
        }
    }
}
