package io.github.internvl.micrometer;

import io.github.internvl.MetricsListener;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** The meters of a model: their names, units and buckets. */
final class Meters {
    /** Bucket bounds, from one step on a GPU to a long answer on a CPU. */
    private static final Duration[] BUCKETS = Stream.of(
                    1L, 2L, 5L, 10L, 20L, 50L, 100L, 200L, 500L, 1_000L, 2_000L, 5_000L, 10_000L, 20_000L, 50_000L,
                    100_000L, 200_000L, 500_000L)
            .map(Duration::ofMillis)
            .toArray(Duration[]::new);

    private final MeterRegistry registry;
    private final Tags tags;
    private final List<Gauge> gauges;
    final Counter promptTokens;
    final Counter cachedTokens;
    final Counter generatedTokens;
    final Counter rejected;
    final Timer timeToFirstToken;
    final Timer timePerOutputToken;
    final Timer queueTime;
    final Timer prefillTime;
    final Timer decodeTime;

    Meters(MeterRegistry registry, Tags tags, Supplier<MetricsListener.Stats> stats) {
        this.registry = registry;
        this.tags = tags;
        gauges = List.of(
                Gauge.builder("internvl.requests.running", () -> stats.get().running())
                        .description("Requests being computed")
                        .tags(tags)
                        .register(registry),
                Gauge.builder("internvl.requests.waiting", () -> stats.get().waiting())
                        .description("Requests waiting for a slot")
                        .tags(tags)
                        .register(registry),
                Gauge.builder("internvl.kv.use", () -> stats.get().kvUse())
                        .description("Used share of the KV cache, 0 to 1")
                        .tags(tags)
                        .register(registry));
        promptTokens =
                counter("internvl.tokens.prompt", "Tokens of computed prompts, visual and cached tokens included");
        cachedTokens = counter("internvl.tokens.cached", "Prompt tokens reused from earlier requests");
        generatedTokens = counter("internvl.tokens.generated", "Tokens generated");
        rejected = counter("internvl.requests.rejected", "Requests rejected before any computation");
        timeToFirstToken = timer("internvl.time.to.first.token", "From a request's arrival to its first token", tags);
        timePerOutputToken = timer("internvl.time.per.output.token", "From one token of an answer to the next", tags);
        queueTime = timer("internvl.request.queue.time", "Time in the queue", tags);
        prefillTime = timer("internvl.request.prefill.time", "From a slot to the first token, tiles included", tags);
        decodeTime = timer("internvl.request.decode.time", "From the first token to the end", tags);
    }

    /** The timer of whole requests, from arrival to end, with one finish reason. */
    Timer duration(String finishReason) {
        return timer("internvl.request.duration", "From arrival to end", tags.and("finish.reason", finishReason));
    }

    private Counter counter(String name, String description) {
        return Counter.builder(name).description(description).tags(tags).register(registry);
    }

    private Timer timer(String name, String description, Tags own) {
        return Timer.builder(name)
                .description(description)
                .tags(own)
                .serviceLevelObjectives(BUCKETS)
                .register(registry);
    }

    void removeGauges() {
        gauges.forEach(registry::remove);
    }
}
