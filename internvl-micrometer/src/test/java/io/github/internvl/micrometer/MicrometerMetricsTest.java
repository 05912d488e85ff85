package io.github.internvl.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.ChatStream;
import io.github.internvl.GenerationConfig;
import io.github.internvl.InternVL;
import io.github.internvl.InvalidRequestException;
import io.github.internvl.Precision;
import io.github.internvl.demo.DemoModel;
import io.github.internvl.vision.Image;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class MicrometerMetricsTest {
    private static final String NAME = DemoModel.path().getFileName().toString(); // a copy's, if it is in a jar
    private final Image shapes = Image.open(DemoModel.sample("shapes.png"));

    private static InternVL load(MicrometerMetrics metrics) {
        return InternVL.builder(DemoModel.path())
                .device("cpu")
                .precision(Precision.FLOAT32)
                .maxConcurrent(1)
                .metrics(metrics)
                .load();
    }

    @Test
    void countsAndTimesRequests() {
        MeterRegistry registry = new SimpleMeterRegistry();
        ChatResponse answer;
        try (InternVL model = load(new MicrometerMetrics(registry))) {
            answer = model.chat("Is there a green star?", shapes);
            assertThatThrownBy(() -> model.chat("<image>")).isInstanceOf(InvalidRequestException.class);
            ChatRequest endless = ChatRequest.builder()
                    .text("Who are you?")
                    .generation(GenerationConfig.builder()
                            .ignoreEnd(true)
                            .maxNewTokens(4000)
                            .build())
                    .build();
            ChatStream running = model.stream(endless);
            ChatStream waiting = model.stream(endless);
            assertThat(running.iterator().hasNext()).isTrue();
            assertThat(registry.get("internvl.requests.running").gauge().value())
                    .isEqualTo(1);
            assertThat(registry.get("internvl.requests.waiting").gauge().value())
                    .isEqualTo(1);
            waiting.close();
            running.close();
            waiting.response();
            running.response();
        }
        int prompts = answer.usage().promptTokens();
        assertThat(counted(registry, "internvl.tokens.prompt")).isGreaterThan(prompts);
        assertThat(counted(registry, "internvl.tokens.generated"))
                .isGreaterThan(answer.usage().generatedTokens());
        assertThat(counted(registry, "internvl.requests.rejected")).isEqualTo(1);
        assertThat(registry.get("internvl.time.to.first.token")
                        .tag("model", NAME)
                        .timer()
                        .count())
                .isEqualTo(2);
        assertThat(registry.get("internvl.time.per.output.token").timer().count())
                .isEqualTo((long) counted(registry, "internvl.tokens.generated") - 2);
        assertThat(registry.get("internvl.request.duration")
                        .tags("model", NAME, "finish.reason", "stop")
                        .timer()
                        .totalTime(TimeUnit.NANOSECONDS))
                .isPositive();
        assertThat(registry.get("internvl.request.duration")
                        .tag("finish.reason", "cancelled")
                        .timer()
                        .count())
                .isEqualTo(2);
    }

    private static double counted(MeterRegistry registry, String name) {
        return registry.get(name).counter().count();
    }

    @Test
    void namesItsMetersAsPrometheusExpects() {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        try (InternVL model = load(new MicrometerMetrics(registry, Tags.of("model", "demo", "zone", "a")))) {
            model.chat("Is there a green star?", shapes);
            assertThat(registry.scrape())
                    .contains(
                            "internvl_requests_running{model=\"demo\",zone=\"a\"} 0",
                            "internvl_requests_waiting{",
                            "internvl_kv_use{",
                            "internvl_tokens_prompt_total{",
                            "internvl_tokens_cached_total{",
                            "internvl_tokens_generated_total{",
                            "internvl_requests_rejected_total{",
                            "internvl_time_to_first_token_seconds_bucket{model=\"demo\",zone=\"a\",le=\"0.001\"}",
                            "internvl_time_per_output_token_seconds_count{",
                            "internvl_request_queue_time_seconds_sum{",
                            "internvl_request_prefill_time_seconds_count{",
                            "internvl_request_decode_time_seconds_count{",
                            "internvl_request_duration_seconds_count{finish_reason=\"stop\",model=\"demo\",zone=\"a\"} 1");
        }
        assertThat(registry.scrape())
                .doesNotContain("internvl_requests_running")
                .contains("internvl_tokens_prompt_total");
    }

    @Test
    void servesOneModelAlone() {
        MeterRegistry registry = new SimpleMeterRegistry();
        MicrometerMetrics metrics = new MicrometerMetrics(registry);
        assertThatThrownBy(() -> metrics.onRejection(new IllegalStateException()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("must be registered with a model");
        try (InternVL model = load(metrics)) {
            assertThat(model.stats().answered()).isZero();
            assertThatThrownBy(() -> load(metrics))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining(NAME + " is the second");
            assertThat(registry.find("internvl.requests.running").gauge()).isNotNull();
        }
    }
}
