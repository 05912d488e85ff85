package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.fixtures.TinyCheckpoint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class MetricsListenerTest {
    private static final ChatRequest SHORT = ask("Tell me a story.", 8);
    private static final ChatRequest ENDLESS = ask("Why?", 100_000);

    private static ChatRequest ask(String text, int maxNewTokens) {
        return ChatRequest.builder().text(text).maxNewTokens(maxNewTokens).build();
    }

    private static InternVL load(MetricsListener listener) {
        return InternVL.builder(TinyCheckpoint.resized())
                .precision(Precision.FLOAT32)
                .contextLength(100_000)
                .maxConcurrent(1)
                .metrics(listener)
                .load();
    }

    @Test
    void hearsTheNumbersOfEachRequest() {
        Diary diary = new Diary("");
        ChatResponse answer;
        try (InternVL model = load(diary)) {
            answer = model.chat(SHORT);
            assertThatThrownBy(() -> model.chat("<image>")).isInstanceOf(InvalidRequestException.class);
            assertThat(model.stats())
                    .isEqualTo(new MetricsListener.Stats(
                            0,
                            0,
                            0,
                            answer.usage().promptTokens(),
                            0,
                            answer.usage().generatedTokens(),
                            1,
                            0,
                            1,
                            Optional.empty()));
        }
        List<String> expected = new ArrayList<>(List.of("load", "first token"));
        expected.addAll(Collections.nCopies(answer.usage().generatedTokens() - 1, "tokens"));
        expected.addAll(List.of("end", "rejection", "close"));
        assertThat(diary.heard).isEqualTo(expected);
        MetricsListener.FirstToken first = diary.firsts.get(0);
        MetricsListener.Ended ended = diary.ends.get(0);
        assertThat(first.promptTokens()).isEqualTo(answer.usage().promptTokens());
        assertThat(ended.id()).isEqualTo(1);
        assertThat(ended.finishReason()).isEqualTo(answer.finishReason());
        assertThat(ended.usage()).isEqualTo(answer.usage());
        assertThat(ended.timings()).isEqualTo(answer.timings());
        assertThat(ended.sinceArrival()).isGreaterThan(first.sinceArrival());
    }

    @Test
    void countsWhoRunsAndWhoWaits() throws InterruptedException {
        try (InternVL model = load(new Diary(""))) {
            CompletableFuture<ChatResponse> running = model.chatAsync(ENDLESS);
            while (model.stats().running() == 0) {
                Thread.sleep(1);
            }
            ChatStream waiting = model.stream(ENDLESS);
            CompletableFuture<ChatResponse> last = model.chatAsync(ENDLESS);
            assertThat(model.stats().running()).isEqualTo(1);
            assertThat(model.stats().waiting()).isEqualTo(2);
            last.cancel(true);
            waiting.close();
            assertThat(waiting.response().finishReason()).isEqualTo(ChatResponse.FinishReason.CANCELLED);
            running.cancel(true);
            while (model.stats().answered() < 3) {
                Thread.sleep(1);
            }
            assertThat(model.stats().running() + model.stats().waiting()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"first token", "tokens", "end"})
    void failsTheRequestWhoseNumbersItThrowsAt(String moment) {
        Diary diary = new Diary(moment);
        try (InternVL model = load(diary)) {
            assertThatThrownBy(() -> model.chat(SHORT))
                    .isInstanceOf(InternVLException.class)
                    .hasMessageContaining("MetricsListener must not throw")
                    .hasRootCauseMessage(moment);
            assertThat(model.stats().running()).isZero();

            diary.spoiled = "";
            assertThat(model.chat(SHORT).text()).isNotEmpty();
        }
    }

    @Test
    void addsWhatItThrowsAtARefusalOrAFailure() {
        Diary diary = new Diary("rejection");
        try (InternVL model = load(diary)) {
            assertThatThrownBy(() -> model.chat("<image>"))
                    .isInstanceOf(InvalidRequestException.class)
                    .satisfies(refusal -> assertThat(refusal.getSuppressed())
                            .singleElement()
                            .isInstanceOf(IllegalStateException.class));
            diary.spoiled = "failure";
            GenerationConfig breaking = GenerationConfig.builder()
                    .processors((generated, logits) -> {
                        throw new ArithmeticException("of the caller");
                    })
                    .build();
            assertThatThrownBy(() ->
                            model.chat(SHORT.toBuilder().generation(breaking).build()))
                    .hasRootCauseInstanceOf(ArithmeticException.class)
                    .satisfies(failure -> assertThat(failure.getSuppressed()).hasSize(1));
            assertThat(model.chat(SHORT).text()).isNotEmpty();
            assertThat(model.stats().failed()).isEqualTo(1);
        }
    }

    @Test
    void stopsLoadingOrSpoilsClosing() {
        Diary unwilling = new Diary("load");
        assertThatThrownBy(() -> load(unwilling)).hasMessage("load");
        assertThat(unwilling.heard).containsExactly("load");
        InternVL model = load(new Diary("close"));
        assertThatThrownBy(model::close).hasMessage("close");
        assertThatThrownBy(() -> model.chat(SHORT)).hasMessageContaining("closed");
        model.close();
    }

    /** Writes down what it hears, and throws at one thing. */
    private static final class Diary implements MetricsListener {
        private final List<String> heard = Collections.synchronizedList(new ArrayList<>());
        private volatile String spoiled;
        private final List<FirstToken> firsts = Collections.synchronizedList(new ArrayList<>());
        private final List<Ended> ends = Collections.synchronizedList(new ArrayList<>());

        Diary(String spoiled) {
            this.spoiled = spoiled;
        }

        private void hear(String moment) {
            heard.add(moment);
            if (moment.equals(spoiled)) {
                throw new IllegalStateException(moment);
            }
        }

        @Override
        public void onLoad(String model, Supplier<MetricsListener.Stats> stats) {
            hear("load");
        }

        @Override
        public void onFirstToken(FirstToken token) {
            firsts.add(token);
            hear("first token");
        }

        @Override
        public void onTokens(int tokens, Duration sinceLast) {
            hear("tokens");
        }

        @Override
        public void onEnd(Ended request) {
            ends.add(request);
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

        @Override
        public void onClose() {
            hear("close");
        }
    }
}
