package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.fixtures.TinyCheckpoint;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class AsyncChatsTest {
    private static final ChatRequest STORY =
            ChatRequest.builder().text("Tell me a story.").maxNewTokens(24).build();
    private static final ChatRequest ENDLESS =
            ChatRequest.builder().text("Why?").maxNewTokens(100_000).build();

    private static InternVL model;

    @BeforeAll
    static void load() {
        model = builder().load();
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static InternVLBuilder builder() {
        return InternVL.builder(TinyCheckpoint.resized())
                .precision(Precision.FLOAT32)
                .contextLength(100_000)
                .maxConcurrent(1);
    }

    @Test
    void answersAsChatDoes() {
        List<CompletableFuture<ChatResponse>> answers =
                IntStream.range(0, 8).mapToObj(i -> model.chatAsync(STORY)).toList();

        String expected = model.chat(STORY).text();
        assertThat(answers)
                .allSatisfy(answer -> assertThat(answer.join().text()).isEqualTo(expected));
    }

    @Test
    void tellsOfABadRequestInTheFuture() {
        CompletableFuture<ChatResponse> answer = model.chatAsync("<image> and no picture");

        assertThatThrownBy(answer::join)
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(InvalidRequestException.class);
    }

    @Test
    void freesTheOnlySlotHoweverTheFutureIsCompleted() throws InterruptedException {
        CompletableFuture<ChatResponse> cancelled = model.chatAsync(ENDLESS);
        cancelled.cancel(true);
        CompletableFuture<ChatResponse> late = model.chatAsync(ENDLESS).orTimeout(50, TimeUnit.MILLISECONDS);
        CompletableFuture<ChatResponse> replaced = model.chatAsync(ENDLESS);
        replaced.completeExceptionally(new IllegalStateException("not needed any more"));

        assertThat(model.chat(STORY).text()).isNotEmpty();
        assertThatThrownBy(cancelled::join).isInstanceOf(CancellationException.class);
        assertThatThrownBy(late::join).hasCauseInstanceOf(TimeoutException.class);
        assertThatThrownBy(replaced::join).hasCauseInstanceOf(IllegalStateException.class);
        while (model.stats().running() + model.stats().waiting() > 0) {
            Thread.sleep(1); // whoever waits for a future may be told before its stream is closed
        }
    }

    @Test
    void freesTheSlotOfARunningAnswer() throws InterruptedException {
        CompletableFuture<ChatResponse> endless = model.chatAsync(ENDLESS);
        while (model.stats().running() == 0) {
            Thread.sleep(1);
        }
        endless.cancel(false);

        assertThat(model.chat(STORY).text()).isNotEmpty();
    }

    @Test
    void letsStagesBlock() {
        String expected = model.chat(STORY).text();
        List<CompletableFuture<String>> answers = IntStream.range(0, 8)
                .mapToObj(i -> model.chatAsync(STORY)
                        .thenApply(first -> model.chatAsync(STORY).join().text()))
                .toList();

        assertThat(answers).allSatisfy(answer -> assertThat(answer.join()).isEqualTo(expected));
    }

    @Test
    void failsWhatIsLeftWhenTheModelIsClosed() {
        InternVL closing = builder().load();
        List<CompletableFuture<ChatResponse>> answers =
                IntStream.range(0, 20).mapToObj(i -> closing.chatAsync(ENDLESS)).toList();
        closing.close();
        CompletableFuture<ChatResponse> late = closing.chatAsync(STORY);

        assertThat(answers).allSatisfy(AsyncChatsTest::isRefusedAsClosed);
        isRefusedAsClosed(late);
        assertThat(closing.stats().waiting()).isZero();
        assertThat(closing.stats().running()).isZero();
        assertThat(closing.stats().failed() + closing.stats().rejected()).isEqualTo(21);
    }

    private static void isRefusedAsClosed(CompletableFuture<ChatResponse> answer) {
        assertThatThrownBy(answer::join)
                .hasCauseInstanceOf(InternVLException.class)
                .hasMessageContaining("closed");
    }
}
