package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.internal.engine.LogitsPipeline.AwaitedProcessor;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The engine goes on, whatever callers' code does on its thread. */
@Timeout(60)
class SurvivalTest {
    private static final ChatRequest STORY =
            ChatRequest.builder().text("Tell me a story.").maxNewTokens(24).build();

    private static final Spoiler SPOILER = new Spoiler();
    private static InternVL model;
    private static String story;

    @BeforeAll
    static void load() {
        model = InternVL.builder(TinyCheckpoint.resized())
                .precision(Precision.FLOAT32)
                .contextLength(100_000)
                .maxConcurrent(3)
                .metrics(SPOILER)
                .load();
        story = model.chat(STORY).text();
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @AfterEach
    void servesOn() {
        SPOILER.moment = "";
        SPOILER.thrown = new IOException("of the listener");
        assertThat(model.chat(STORY).text()).isEqualTo(story);
        assertThat(model.stats().running() + model.stats().waiting()).isZero();
        assertThat(model.stats().failure()).isEmpty();
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> RuntimeException sneaky(Throwable e) throws T {
        throw (T) e;
    }

    private static ChatRequest with(Function<GenerationConfig.Builder, GenerationConfig.Builder> settings) {
        return ChatRequest.builder()
                .text("Why?")
                .generation(settings.apply(GenerationConfig.builder()).build())
                .build();
    }

    private static ChatRequest processing(Runnable callback) {
        return with(config -> config.processors((generated, logits) -> callback.run()));
    }

    private static ChatRequest listening(Runnable callback) {
        return with(config -> config.tokenListener(id -> {
            callback.run();
            return true;
        }));
    }

    static Stream<Throwable> anything() {
        return Stream.of(
                new IOException("checked"),
                new AssertionError("an error"),
                new StackOverflowError(),
                new IllegalStateException("CUDA error: an illegal memory access was encountered"),
                new IllegalStateException("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
                new IllegalStateException("out of memory, says a caller"));
    }

    @ParameterizedTest
    @MethodSource("anything")
    void failsOnlyTheRequestWhoseCallbackThrows(Throwable thrown) {
        try (ChatStream other = model.stream(STORY)) {
            for (ChatRequest request : List.of(
                    processing(() -> SurvivalTest.<RuntimeException>sneaky(thrown)),
                    listening(() -> SurvivalTest.<RuntimeException>sneaky(thrown)))) {
                assertThatThrownBy(() -> model.chat(request))
                        .isExactlyInstanceOf(InternVLException.class)
                        .hasMessageContaining("must not throw: " + thrown)
                        .hasCause(thrown);
            }
            assertThat(other.response().text()).isEqualTo(story);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"first token", "tokens", "end"})
    void failsOnlyTheRequestWhoseNumbersAListenerThrowsAt(String moment) {
        SPOILER.moment = moment;

        assertThatThrownBy(() -> model.chat(STORY))
                .isExactlyInstanceOf(InternVLException.class)
                .hasMessageContaining("a MetricsListener must not throw: java.io.IOException")
                .hasRootCauseInstanceOf(IOException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"first token", "tokens", "end"})
    void saysWhatAListenerLacksMemoryFor(String moment) {
        SPOILER.thrown = new OutOfMemoryError("Java heap space");
        SPOILER.moment = moment;

        assertThatThrownBy(() -> model.chat(STORY))
                .isInstanceOf(ModelMemoryException.class)
                .hasMessageContaining("Java heap space; raise -Xmx");
    }

    @ParameterizedTest
    @ValueSource(strings = {"failure", "rejection"})
    void addsWhatAListenerThrowsAtAFailure(String moment) {
        SPOILER.moment = moment;
        ChatRequest bad = moment.equals("rejection")
                ? ChatRequest.of("<image>")
                : processing(() -> SurvivalTest.<RuntimeException>sneaky(new IOException("of the request")));

        assertThatThrownBy(() -> model.chat(bad))
                .satisfies(failure -> assertThat(failure.getSuppressed())
                        .hasOnlyElementsOfType(IOException.class)
                        .hasSize(1));
    }

    @Test
    void failsTheRequestThatHasNoMemoryWithATypeOfItsOwn() {
        try (ChatStream other = model.stream(STORY)) {
            assertThatThrownBy(() -> model.chat(processing(() -> {
                        throw new OutOfMemoryError("Java heap space");
                    })))
                    .isInstanceOf(ModelMemoryException.class)
                    .hasMessageContaining("Java heap space; raise -Xmx");
            assertThat(other.response().text()).isEqualTo(story);
        }
    }

    static Stream<Runnable> waiting() {
        return Stream.of(
                () -> model.chat(STORY),
                () -> model.batchChat(List.of(STORY)),
                () -> model.conversation().ask("Why?"),
                () -> {
                    try (ChatStream stream = model.stream(STORY)) {
                        stream.response();
                    }
                },
                () -> {
                    try (ChatStream stream = model.stream(STORY)) {
                        stream.forEach(piece -> {});
                    }
                });
    }

    @ParameterizedTest
    @MethodSource("waiting")
    void refusesToWaitForAnAnswerOnItsOwnThread(Runnable call) throws InterruptedException {
        for (ChatRequest request : List.of(processing(call), listening(call))) {
            assertThatThrownBy(() -> model.chat(request))
                    .isExactlyInstanceOf(InternVLException.class)
                    .hasMessageContaining("a callback on the engine's thread must not wait for an answer")
                    .hasRootCauseInstanceOf(IllegalStateException.class);
        }
        while (model.stats().running() + model.stats().waiting() > 0) {
            Thread.sleep(1); // streams that the callback has closed
        }
    }

    @Test
    void takesRequestsFromACallbackThatDoesNotWait() {
        CompletableFuture<CompletableFuture<ChatResponse>> asked = new CompletableFuture<>();
        model.chat(with(config -> config.maxNewTokens(2).tokenListener(id -> {
            asked.complete(model.chatAsync(STORY));
            return true;
        })));

        assertThat(asked.join().join().text()).isEqualTo(story);
    }

    @Test
    void isNotEndedByACallbackThatInterruptsItsThread() {
        assertThat(model.chat(with(config -> config.maxNewTokens(3)
                                .processors((generated, logits) ->
                                        Thread.currentThread().interrupt())))
                        .usage()
                        .generatedTokens())
                .isEqualTo(3);
    }

    @Test
    void restsBetweenTwoLooksAtARuleAfterACallbackInterruptedItsThread() {
        AtomicInteger asked = new AtomicInteger();
        AtomicBoolean interrupted = new AtomicBoolean();
        AwaitedProcessor rule = new AwaitedProcessor() {
            @Override
            public boolean isReady(int[] generated) {
                boolean again = asked.getAndIncrement() % 3 > 0;
                interrupted.compareAndSet(false, again && Thread.currentThread().isInterrupted());
                return asked.get() % 3 == 0;
            }

            @Override
            public void process(int[] generated, float[] logits) {
                Thread.currentThread().interrupt();
            }

            @Override
            public void end() {}
        };
        model.chat(with(config -> config.maxNewTokens(4).processors(rule)));
        assertThat(asked.get()).isGreaterThanOrEqualTo(9);
        assertThat(interrupted).isFalse();
    }

    @Test
    void letsACallerWithATimeLimitGoWhileACallbackHoldsTheEngine() throws InterruptedException {
        CountDownLatch held = new CountDownLatch(1);
        CountDownLatch letGo = new CountDownLatch(1);
        CompletableFuture<ChatResponse> holder =
                model.chatAsync(with(config -> config.maxNewTokens(1).tokenListener(id -> {
                    held.countDown();
                    try {
                        letGo.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    return true;
                })));
        held.await();
        ChatRequest hurried =
                STORY.toBuilder().timeout(Duration.ofSeconds(2)).build(); // more than a prompt takes to prepare
        CompletableFuture<ChatResponse> future = model.chatAsync(hurried);
        try (ChatStream stream = model.stream(hurried);
                ChatStream read = model.stream(hurried)) {
            CompletableFuture<Boolean> piece =
                    CompletableFuture.supplyAsync(() -> read.iterator().hasNext());
            assertThatThrownBy(stream::response)
                    .isInstanceOf(InternVLException.class)
                    .hasMessageContaining("the engine has not finished its current step")
                    .hasCauseInstanceOf(TimeoutException.class);
            assertThatThrownBy(piece::join).hasCauseInstanceOf(InternVLException.class);
            assertThatThrownBy(future::join)
                    .hasCauseInstanceOf(InternVLException.class)
                    .hasMessageContaining("the engine has not finished its current step");
        } finally {
            letGo.countDown();
        }
        holder.join();
        while (model.stats().running() + model.stats().waiting() > 0) {
            Thread.sleep(1);
        }
    }

    /** Throws a checked exception at one moment. */
    private static final class Spoiler implements MetricsListener {
        private volatile String moment = "";
        private volatile Throwable thrown = new IOException("of the listener");

        private void hear(String now) {
            if (now.equals(moment)) {
                throw SurvivalTest.<RuntimeException>sneaky(thrown);
            }
        }

        @Override
        public void onFirstToken(FirstToken first) {
            hear("first token");
        }

        @Override
        public void onTokens(int tokens, Duration sinceLast) {
            hear("tokens");
        }

        @Override
        public void onEnd(Ended request) {
            hear("end");
        }

        @Override
        public void onFailure(Throwable failure, Duration sinceArrival) {
            hear("failure");
        }

        @Override
        public void onRejection(Throwable refusal) {
            hear("rejection");
        }
    }
}
