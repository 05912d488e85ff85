package io.github.internvl.micrometer;

import io.github.internvl.MetricsListener;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The metrics of one model in a Micrometer registry, under names that start with {@code internvl.}: requests running and
 * waiting, tokens, time to first token, time per output token, and how requests end. Every meter has the tag {@code model}.
 *
 * <pre>{@code
 * InternVL model = InternVL.builder("OpenGVLab/InternVL2_5-1B").metrics(new MicrometerMetrics(registry)).load();
 * }</pre>
 *
 * <p>Closing the model removes the gauges from the registry; counters and timers stay, and continue if the model is loaded again.
 * Thread-safe. Each model needs an instance of its own.
 */
public final class MicrometerMetrics implements MetricsListener {
    private final MeterRegistry registry;
    private final Tags tags;
    private volatile @Nullable Meters meters; // set when the model is loaded

    /** Creates metrics whose {@code model} tag is the model's name. */
    public MicrometerMetrics(MeterRegistry registry) {
        this(registry, List.of());
    }

    /** Creates metrics with more tags, required if two models of the same name are loaded at once. A tag named model overrides the default. */
    public MicrometerMetrics(MeterRegistry registry, Iterable<Tag> tags) {
        this.registry = registry;
        this.tags = Tags.of(tags);
    }

    @Override
    public void onLoad(String model, Supplier<MetricsListener.Stats> stats) {
        if (meters != null) {
            throw new IllegalStateException("MicrometerMetrics must serve a single model: " + model
                    + " is the second; create another instance for it");
        }
        meters = new Meters(registry, Tags.of("model", model).and(tags), stats);
    }

    private Meters meters() {
        Meters known = meters;
        if (known == null) {
            throw new IllegalStateException(
                    "MicrometerMetrics must be registered with a model: InternVL.builder(..).metrics(..)");
        }
        return known;
    }

    @Override
    public void onFirstToken(FirstToken first) {
        Meters known = meters();
        known.promptTokens.increment(first.promptTokens());
        known.cachedTokens.increment(first.cachedTokens());
        known.generatedTokens.increment(first.generatedTokens());
        known.timeToFirstToken.record(first.sinceArrival());
    }

    @Override
    public void onTokens(int tokens, Duration sinceLast) {
        meters().generatedTokens.increment(tokens);
        meters().timePerOutputToken.record(sinceLast);
    }

    @Override
    public void onEnd(Ended request) {
        meters().queueTime.record(request.timings().queued());
        meters().prefillTime
                .record(request.timings().vision().plus(request.timings().prefill()));
        meters().decodeTime.record(request.timings().decode());
        meters().duration(request.finishReason().name().toLowerCase(Locale.ROOT))
                .record(request.sinceArrival());
    }

    @Override
    public void onFailure(Throwable failure, Duration sinceArrival) {
        meters().duration("error").record(sinceArrival);
    }

    @Override
    public void onRejection(Throwable refusal) {
        meters().rejected.increment();
    }

    @Override
    public void onClose() {
        meters().removeGauges();
    }
}
