package io.github.internvl.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.TokenCountEstimator;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.GenerationConfig;
import io.github.internvl.InternVL;
import io.github.internvl.MetricsListener;
import io.github.internvl.Precision;
import io.github.internvl.demo.DemoModel;
import io.github.internvl.micrometer.MicrometerMetrics;
import io.github.internvl.vision.Image;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.health.contributor.CompositeHealthContributor;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthContributor;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** An application's context with the starter, over the demo model. */
@Timeout(120)
class InternVLAutoConfigurationTest {
    private static final String DEMO = "internvl.model=" + DemoModel.path();

    private final ApplicationContextRunner runner = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    InternVLAutoConfiguration.class,
                    InternVLHealthAutoConfiguration.class,
                    InternVLLangChain4jAutoConfiguration.class));

    @Test
    void answersAboutAPicture() {
        runner.withPropertyValues(DEMO)
                .run(context -> assertThat(context.getBean(InternVL.class)
                                .chat("What color is the star?", Image.open(DemoModel.sample("shapes.png")))
                                .text())
                        .isEqualTo("green"));
    }

    @Test
    void loadsTheModelByItsProperties() {
        runner.withPropertyValues(
                        DEMO,
                        "internvl.precision=float32",
                        "internvl.device=cpu",
                        "internvl.context-length=300",
                        "internvl.max-concurrent=3",
                        "internvl.max-waiting=0",
                        "internvl.threads=1",
                        "internvl.kv-cache.precision=int8",
                        "internvl.kv-cache.static-slots=true",
                        "internvl.hub.offline=true",
                        "internvl.close-patience=3s")
                .run(context -> {
                    InternVL model = context.getBean(InternVL.class);
                    assertThat(model.precision()).isEqualTo(Precision.FLOAT32);
                    assertThat(model.device()).isEqualTo("cpu");
                    assertThat(model.contextLength()).isEqualTo(300);
                    assertThat(model.maxConcurrent()).isEqualTo(3);
                    assertThat(context.getBean(LoadedModel.class).patience()).isEqualTo(Duration.ofSeconds(3));
                });
    }

    @Test
    void putsTheModelsMetricsIntoTheRegistry() {
        runner.withPropertyValues(DEMO).withBean(SimpleMeterRegistry.class).run(context -> {
            ChatResponse response = context.getBean(InternVL.class).chat("Why?");
            assertThat(context.getBean(SimpleMeterRegistry.class)
                            .get("internvl.tokens.prompt")
                            .counter()
                            .count())
                    .isEqualTo(response.usage().promptTokens());
        });
    }

    @Test
    void prefersTheApplicationsOwnListener() {
        AtomicInteger loaded = new AtomicInteger();
        MetricsListener own = new MetricsListener() {
            @Override
            public void onLoad(String model, Supplier<Stats> stats) {
                loaded.incrementAndGet();
            }
        };
        runner.withPropertyValues(DEMO)
                .withBean(SimpleMeterRegistry.class)
                .withBean(MetricsListener.class, () -> own)
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(MicrometerMetrics.class));
        assertThat(loaded).hasValue(1);
    }

    @Test
    void prefersTheApplicationsOwnModel() {
        try (InternVL own = InternVL.load(DemoModel.path())) {
            runner.withBean("mine", InternVL.class, () -> own)
                    .run(context -> assertThat(context)
                            .hasNotFailed()
                            .doesNotHaveBean(LoadedModel.class)
                            .getBean(InternVL.class)
                            .isSameAs(own));
        }
    }

    @Test
    void startsWithoutAModelWhereItIsSwitchedOff() {
        runner.withPropertyValues("internvl.enabled=false")
                .run(context -> assertThat(context)
                        .hasNotFailed()
                        .doesNotHaveBean(InternVL.class)
                        .doesNotHaveBean(HealthContributor.class));
    }

    @Test
    void reportsItsHealth() {
        runner.withPropertyValues(DEMO).run(context -> {
            InternVL model = context.getBean(InternVL.class);
            HealthIndicator indicator = context.getBean(HealthIndicator.class);
            assertThat(indicator.health()).isNotNull().satisfies(up -> {
                assertThat(up.getStatus()).isEqualTo(Status.UP);
                assertThat(up.getDetails()).containsEntry("device", "cpu").containsEntry("running", 0);
            });
            Health down = InternVLHealthAutoConfiguration.health(
                    model,
                    new MetricsListener.Stats(
                            0, 0, 0, 0, 0, 0, 0, 1, 0, Optional.of("CUDA error: device-side assert")));
            assertThat(down.getStatus()).isEqualTo(Status.DOWN);
            assertThat(down.getDetails()).containsEntry("reason", "the engine stopped: CUDA error: device-side assert");
            model.close();
            assertThat(indicator.health())
                    .isNotNull()
                    .extracting(Health::getStatus)
                    .isEqualTo(Status.OUT_OF_SERVICE);
        });
    }

    @Test
    void reportsTheHealthOfEachOfSeveralModels() {
        try (InternVL first = InternVL.load(DemoModel.path());
                InternVL second = InternVL.load(DemoModel.path())) {
            runner.withBean("first", InternVL.class, () -> first)
                    .withBean("second", InternVL.class, () -> second)
                    .run(context -> assertThat(context.getBean(CompositeHealthContributor.class).stream())
                            .hasSize(2));
        }
    }

    @Test
    void leavesItsHealthOutWhereItIsSwitchedOffOrBootHasNone() {
        runner.withPropertyValues(DEMO)
                .withClassLoader(new FilteredClassLoader("org.springframework.boot.health"))
                .run(context -> assertThat(context).hasNotFailed().hasSingleBean(InternVL.class));
        runner.withPropertyValues(DEMO, "management.health.internvl.enabled=false")
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(HealthContributor.class));
    }

    @Test
    void offersTheModelToLangChain4j() throws IOException {
        String picture = Base64.getEncoder().encodeToString(Files.readAllBytes(DemoModel.sample("shapes.png")));
        UserMessage question =
                UserMessage.from(TextContent.from("What color is the star?"), ImageContent.from(picture, "image/png"));
        runner.withPropertyValues(DEMO).run(context -> {
            assertThat(context.getBean(ChatModel.class)
                            .chat(question)
                            .aiMessage()
                            .text())
                    .isEqualTo("green");
            assertThat(context).hasSingleBean(StreamingChatModel.class).hasSingleBean(TokenCountEstimator.class);
        });
        ChatModel own = new ChatModel() {};
        runner.withPropertyValues(DEMO)
                .withBean(ChatModel.class, () -> own)
                .run(context -> assertThat(context).getBean(ChatModel.class).isSameAs(own));
        runner.withPropertyValues(DEMO)
                .withClassLoader(new FilteredClassLoader("io.github.internvl.langchain4j"))
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(ChatModel.class));
    }

    @Test
    void letsRequestsFinishWhenTheApplicationStops() {
        CompletableFuture<CompletableFuture<ChatResponse>> asked = new CompletableFuture<>();
        runner.withPropertyValues(DEMO).run(context -> {
            InternVL model = context.getBean(InternVL.class);
            asked.complete(model.chatAsync(endless(100)));
            while (model.stats().generatedTokens() == 0) {
                Thread.sleep(1);
            }
        });
        assertThat(asked.join().join().usage().generatedTokens()).isEqualTo(100);
    }

    @Test
    void failsRequestsThatExceedThePatience() {
        CompletableFuture<CompletableFuture<ChatResponse>> asked = new CompletableFuture<>();
        runner.withPropertyValues(DEMO, "internvl.close-patience=1ms").run(context -> {
            InternVL model = context.getBean(InternVL.class);
            asked.complete(model.chatAsync(endless(7000)));
            while (model.stats().generatedTokens() == 0) {
                Thread.sleep(1);
            }
        });
        assertThat(asked.join())
                .failsWithin(Duration.ofSeconds(30))
                .withThrowableThat()
                .withMessageContaining("closed");
    }

    private static ChatRequest endless(int tokens) {
        return ChatRequest.builder()
                .text("Why?")
                .generation(GenerationConfig.builder()
                        .ignoreEnd(true)
                        .maxNewTokens(tokens)
                        .build())
                .build();
    }
}
