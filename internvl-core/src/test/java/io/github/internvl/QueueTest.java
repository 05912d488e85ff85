package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.fixtures.TinyCheckpoint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Admission to the queue, its order, and its time limits. */
@Timeout(60)
class QueueTest {
    private static final ChatRequest STORY =
            ChatRequest.builder().text("Tell me a story.").maxNewTokens(24).build();

    private static InternVLBuilder builder() {
        return InternVL.builder(TinyCheckpoint.resized())
                .precision(Precision.FLOAT32)
                .contextLength(100_000)
                .maxConcurrent(1);
    }

    /** Its greedy answer has no end. */
    private static ChatRequest.Builder endless() {
        return ChatRequest.builder().text("Why?").maxNewTokens(90_000);
    }

    private static void begin(ChatStream stream) {
        assertThat(stream.iterator().hasNext()).isTrue();
    }

    @Test
    void refusesMoreThanMayWaitAndServesOn() {
        try (InternVL model = builder().maxWaiting(1).load()) {
            ChatStream running = model.stream(endless().build());
            begin(running);
            ChatStream waiting = model.stream(STORY);

            assertThatThrownBy(() -> model.chat(STORY))
                    .isInstanceOf(QueueFullException.class)
                    .hasMessageContaining("1 at once and 1 waiting: 2")
                    .hasMessageContaining("maxWaiting");
            running.close();
            assertThat(waiting.response().text()).isNotEmpty();
            assertThat(model.chat(STORY).text()).isEqualTo(waiting.response().text());
        }
    }

    @Test
    void letsABatchInThatIsLongerThanTheQueue() {
        try (InternVL model = builder().maxWaiting(0).load()) {
            List<ChatResponse> answers = model.batchChat(Collections.nCopies(5, STORY));

            assertThat(answers)
                    .extracting(ChatResponse::text)
                    .containsOnly(answers.get(0).text());
        }
    }

    @Test
    void endsAnAnswerWhenItsTimeIsOver() {
        try (InternVL model = builder().load()) {
            ChatResponse cut =
                    model.chat(endless().timeout(Duration.ofMillis(700)).build());

            assertThat(cut.finishReason()).isEqualTo(FinishReason.TIMEOUT);
            assertThat(cut.text()).isNotEmpty();
            assertThat(model.chat(STORY.toBuilder()
                                    .timeout(Duration.ofDays(4000))
                                    .build())
                            .text())
                    .isEqualTo(model.chat(STORY).text());
        }
    }

    @Test
    void countsTheTimeThatARequestWaits() {
        try (InternVL model = builder().load()) {
            ChatStream running = model.stream(endless().build());
            begin(running);
            ChatResponse late =
                    model.chat(STORY.toBuilder().timeout(Duration.ofMillis(50)).build());

            assertThat(late.finishReason()).isEqualTo(FinishReason.TIMEOUT);
            assertThat(late.text()).isEmpty();
            running.close();
        }
    }

    @Test
    void doesNotRememberARoundWhoseTimeWasOver() {
        try (InternVL model = builder().load()) {
            Conversation talk = model.conversation();
            talk.ask(endless().timeout(Duration.ofMillis(100)).build());

            assertThat(talk.history()).isEmpty();
        }
    }

    @Test
    void servesAHigherPriorityFirst() {
        try (InternVL model = builder().load()) {
            ChatStream running = model.stream(endless().build());
            begin(running);
            List<String> order = Collections.synchronizedList(new ArrayList<>());
            List<CompletableFuture<Void>> all = new ArrayList<>();
            for (int priority : new int[] {0, 2, -1, 2, 1}) {
                String name = priority + "#" + all.size();
                ChatRequest request = STORY.toBuilder().priority(priority).build();
                CompletableFuture<Void> done = new CompletableFuture<>();
                model.stream(request, response -> {
                    order.add(name);
                    done.complete(null);
                });
                all.add(done);
            }
            running.close();
            CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).join();

            assertThat(order).containsExactly("2#1", "2#3", "1#4", "0#0", "-1#2");
        }
    }

    @Test
    void answersThoseInsideBeforeAPatientEnd() {
        InternVL model = builder().load();
        ChatStream running = model.stream(STORY);
        ChatStream waiting = model.stream(STORY);
        assertThat(model.isClosed()).isFalse();
        model.close(Duration.ofSeconds(50));

        assertThat(model.isClosed()).isTrue();
        assertThat(running.response().finishReason()).isNotEqualTo(FinishReason.CANCELLED);
        assertThat(waiting.response().text()).isEqualTo(running.response().text());
        assertThatThrownBy(() -> model.chat(STORY)).hasMessageContaining("the model is closed");
    }

    @Test
    void failsThoseInsideWhenPatienceIsOver() {
        InternVL model = builder().load();
        ChatStream running = model.stream(endless().build());
        model.close(Duration.ofMillis(100));

        assertThatThrownBy(running::response).hasMessageContaining("the model is closed");
    }

    @Test
    void refusesWhatNeverFitsIntoTheKeyValueCache() {
        try (InternVL model = builder().kvCacheTokens(1000).load()) {
            assertThatThrownBy(() -> model.chat(endless().build()))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("1024 tokens: 90")
                    .hasMessageContaining("kvCacheTokens");
            assertThat(model.chat(STORY).text()).isNotEmpty();
        }
    }
}
