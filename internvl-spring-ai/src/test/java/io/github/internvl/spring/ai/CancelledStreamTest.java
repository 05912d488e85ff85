package io.github.internvl.spring.ai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.ChatRequest;
import io.github.internvl.InternVL;
import io.github.internvl.RequestBudget;
import io.github.internvl.demo.DemoModel;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.ai.chat.prompt.Prompt;
import reactor.core.Disposable;
import reactor.test.StepVerifier;

/** The end of a stream whose subscriber leaves. */
@Timeout(120)
class CancelledStreamTest {
    private static final InternVL MODEL = InternVL.load(DemoModel.path());
    private static final String STORY = "Once upon a time there was a star. ".repeat(20);

    @AfterAll
    static void close() {
        MODEL.close();
    }

    @Test
    void stopsTheGenerationOfACancelledStream() throws InterruptedException {
        InternVLChatModel narrator = InternVLChatModel.builder(MODEL)
                .lastChange(new Script(MODEL, Map.of("a story.", STORY)))
                .build();
        long before = MODEL.stats().generatedTokens();
        StepVerifier.create(narrator.stream(new Prompt("Tell a story.")), 1)
                .expectNextCount(1)
                .thenCancel()
                .verify(Duration.ofSeconds(60));
        while (MODEL.stats().running() > 0) {
            Thread.sleep(1);
        }
        assertThat(MODEL.stats().generatedTokens() - before)
                .isPositive()
                .isLessThan(MODEL.tokenizer().encode(STORY).length);
    }

    @Test
    void endsThePreparationOfACancelledStreamAndItsObservationOnce() throws InterruptedException {
        AtomicInteger stopped = new AtomicInteger();
        AtomicInteger failed = new AtomicInteger();
        ObservationRegistry registry = ObservationRegistry.create();
        registry.observationConfig().observationHandler(new ObservationHandler<>() {
            @Override
            public void onStop(Observation.Context context) {
                stopped.incrementAndGet();
            }

            @Override
            public void onError(Observation.Context context) {
                failed.incrementAndGet();
            }

            @Override
            public boolean supportsContext(Observation.Context context) {
                return true;
            }
        });
        CountDownLatch preparing = new CountDownLatch(1);
        AtomicReference<ChatRequest> prepared = new AtomicReference<>();
        InternVLChatModel observed = InternVLChatModel.builder(MODEL)
                .observationRegistry(registry)
                .lastChange(request -> {
                    prepared.set(request);
                    preparing.countDown();
                    LockSupport.parkNanos(Duration.ofSeconds(20).toNanos()); // until the thread is interrupted
                    return request;
                })
                .build();
        long answered = MODEL.stats().answered();
        Disposable subscription = observed.stream(new Prompt("Why?")).subscribe();
        preparing.await();
        subscription.dispose();
        Thread.sleep(300); // for a failure that comes too late
        assertThat(stopped).hasValue(1);
        assertThat(failed).hasValue(0);
        assertThat(MODEL.stats().answered()).isEqualTo(answered);
        RequestBudget budget =
                Objects.requireNonNull(Objects.requireNonNull(prepared.get()).budget());
        assertThatThrownBy(() -> budget.check("the prompt")).isInstanceOf(CancellationException.class);
    }
}
