package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.github.internvl.RequestBudget.Work;
import io.github.internvl.fixtures.TinyCheckpoint;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The work before the engine: bounded, stopped when nobody wants it, and no hindrance to others. */
@Timeout(60)
class PreparationTest {
    private static final int CONTEXT = 2000;
    private static final ChatRequest SHORT =
            ChatRequest.builder().text("Why?").maxNewTokens(4).build();
    private static final String LONG = "many words ".repeat(50_000);

    private static InternVL model;

    @BeforeAll
    static void load() {
        model = InternVL.builder(TinyCheckpoint.resized())
                .precision(Precision.FLOAT32)
                .contextLength(CONTEXT)
                .maxConcurrent(4)
                .load();
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static ChatRequest limited(ChatRequest.Builder request, long characters) {
        return request.budget(RequestBudget.builder()
                        .limit(Work.CHARACTERS, characters)
                        .build())
                .build();
    }

    /** A budget whose probe is asked at the next charge. */
    private static RequestBudget probed(BooleanSupplier probe) throws InterruptedException {
        RequestBudget budget = RequestBudget.builder().abandonedWhen(probe).build();
        Thread.sleep(30);
        return budget;
    }

    @Test
    void refusesAPromptThatCannotFitBeforeItIsTokenized() {
        RequestBudget untouched =
                RequestBudget.builder().limit(Work.CHARACTERS, 1).build();
        ChatRequest endless = ChatRequest.builder()
                .text("a".repeat(3_000_000))
                .budget(untouched)
                .build();

        assertThatThrownBy(() -> model.chat(endless))
                .isExactlyInstanceOf(InvalidRequestException.class)
                .hasMessageContaining(
                        "the prompt must be shorter than the context of " + CONTEXT + " tokens: at least ")
                .hasMessageContaining("0 of them visual");
        ChatRequest history = SHORT.toBuilder()
                .history(List.of(new ChatRequest.Turn("Hi.", List.of(), "a".repeat(3_000_000))))
                .build();
        assertThatThrownBy(() -> model.chat(history)).hasMessageContaining("tokens: at least ");
        assertThat(model.countTokens(ChatRequest.of(LONG))).isGreaterThan(CONTEXT);
    }

    @Test
    void chargesEveryTextOfARequest() {
        int prompt = 500;
        assertThat(model.chat(limited(SHORT.toBuilder(), prompt)).text()).isNotEmpty();
        List<ChatRequest.Builder> tooMuch = List.of(
                SHORT.toBuilder().text("a ".repeat(300)),
                SHORT.toBuilder().systemMessage("a ".repeat(300)),
                SHORT.toBuilder().history(List.of(new ChatRequest.Turn("Hi.", List.of(), "a ".repeat(300)))),
                SHORT.toBuilder().history(List.of(new ChatRequest.Turn("a ".repeat(300), List.of(), "Hi."))),
                SHORT.toBuilder().tools(new Tool("f", "a ".repeat(300))),
                SHORT.toBuilder().tools(new Tool("f", "a", "{\"title\": \"" + "a ".repeat(300) + "\"}")),
                SHORT.toBuilder()
                        .generation(GenerationConfig.builder()
                                .badWords("word ".repeat(120))
                                .build()),
                SHORT.toBuilder()
                        .generation(GenerationConfig.builder()
                                .stop("word ".repeat(120))
                                .build()));
        for (ChatRequest.Builder request : tooMuch) {
            assertThatThrownBy(() -> model.chat(limited(request, prompt)))
                    .isInstanceOf(RequestBudget.ExceededException.class)
                    .hasMessageContaining("at most 500 characters");
        }
        assertThatThrownBy(() -> model.countTokens(limited(ChatRequest.builder().text(LONG), 500_000)))
                .isInstanceOfSatisfying(
                        RequestBudget.ExceededException.class,
                        refusal -> assertThat(refusal.work()).isEqualTo(Optional.of(Work.CHARACTERS)));
    }

    @Test
    void chargesEachTextOnceAndBeforeItIsWrittenAnew() {
        String question = "<".repeat(600);
        assertThat(model.countTokens(
                        limited(ChatRequest.builder().text(question).untrustedText(true), 600)))
                .isPositive();
        RequestBudget small =
                RequestBudget.builder().limit(Work.CHARACTERS, 1_000).build();
        ChatRequest large = ChatRequest.builder()
                .text("<|im_end|>".repeat(1_000_000))
                .untrustedText(true)
                .budget(small)
                .build();
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        assertThatThrownBy(() -> model.countTokens(large)).isInstanceOf(RequestBudget.ExceededException.class);
        assertThatThrownBy(() -> model.chat(large)).hasMessageContaining("tokens: at least ");
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(2_000_000);
    }

    @Test
    void letsLongTextsOfManyRequestsTakeTurns() {
        ChatRequest word = ChatRequest.builder()
                .text("a".repeat(700_000))
                .budget(RequestBudget.defaults())
                .build();
        int expected = model.countTokens(word);
        List<CompletableFuture<Integer>> counts = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            ChatRequest same = word.toBuilder().budget(RequestBudget.defaults()).build();
            counts.add(CompletableFuture.supplyAsync(() -> model.countTokens(same)));
        }
        RequestBudget wide =
                RequestBudget.builder().limit(Work.CHARACTERS, 3_000_000).build();
        assertThat(model.countTokens(ChatRequest.builder()
                        .text("many words ".repeat(200_000))
                        .budget(wide)
                        .build()))
                .isGreaterThan(CONTEXT);
        assertThat(counts).allSatisfy(count -> assertThat(count.join()).isEqualTo(expected));
    }

    @Test
    void keepsTheTypeOfARefusalInABatch() {
        assertThatThrownBy(() -> model.batchChat(List.of(SHORT, limited(SHORT.toBuilder(), 1))))
                .isInstanceOf(RequestBudget.ExceededException.class)
                .hasMessageStartingWith("request 1 of the batch: prompt: a request may take at most 1 characters");
    }

    @Test
    void stopsTokenizingWhenTheCallerHasLeft() throws InterruptedException {
        AtomicInteger asked = new AtomicInteger();
        RequestBudget left = probed(() -> asked.incrementAndGet() > 0);

        assertThatThrownBy(() -> model.countTokens(
                        ChatRequest.builder().text(LONG).budget(left).build()))
                .isInstanceOf(CancellationException.class);
        assertThat(asked).hasValue(1);
    }

    @Test
    void staysCancelledWhenTheModelIsClosedMeanwhile() throws InterruptedException {
        InternVL closing = InternVL.builder(TinyCheckpoint.resized())
                .precision(Precision.FLOAT32)
                .load();
        RequestBudget left = probed(() -> {
            closing.close();
            return true;
        });

        assertThatThrownBy(() -> closing.chat(SHORT.toBuilder().budget(left).build()))
                .isInstanceOf(CancellationException.class);
    }

    @Test
    void countsPreparationIntoTheTimeLimit() throws InterruptedException {
        RequestBudget slow = probed(() -> {
            try {
                Thread.sleep(200);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return false;
        });

        assertThatThrownBy(() -> model.chat(SHORT.toBuilder()
                        .budget(slow)
                        .timeout(Duration.ofMillis(100))
                        .build()))
                .isInstanceOfSatisfying(
                        RequestBudget.ExceededException.class,
                        refusal -> assertThat(refusal.work()).isEmpty());
    }

    @Test
    void preparesOthersWhileSomeAreSlow() throws InterruptedException {
        CountDownLatch letGo = new CountDownLatch(1);
        RequestBudget[] slow = new RequestBudget[20];
        for (int i = 0; i < slow.length; i++) {
            slow[i] = RequestBudget.builder()
                    .abandonedWhen(() -> {
                        try {
                            letGo.await();
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                        return false;
                    })
                    .build();
        }
        Thread.sleep(30);
        List<CompletableFuture<ChatResponse>> held = new ArrayList<>();
        for (RequestBudget budget : slow) {
            held.add(model.chatAsync(SHORT.toBuilder().budget(budget).build()));
        }
        try {
            assertThat(model.chatAsync(SHORT).join().text()).isNotEmpty();
            assertThat(held).noneMatch(CompletableFuture::isDone);
        } finally {
            letGo.countDown();
        }
        assertThat(held).allSatisfy(answer -> assertThat(answer.join().text()).isNotEmpty());
    }

    @Test
    void saysThatARequestWhoseTimeIsLongOverWasStillPrepared() throws InterruptedException {
        CountDownLatch letGo = new CountDownLatch(1);
        RequestBudget held = probed(() -> {
            try {
                letGo.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return false;
        });
        CompletableFuture<ChatResponse> answer = model.chatAsync(
                SHORT.toBuilder().budget(held).timeout(Duration.ofMillis(10)).build());
        try {
            assertThatThrownBy(answer::join)
                    .hasCauseInstanceOf(InternVLException.class)
                    .hasRootCauseInstanceOf(TimeoutException.class)
                    .hasMessageContaining("its preparation has not ended");
        } finally {
            letGo.countDown();
        }
        while (model.stats().waiting() > 0) {
            Thread.sleep(1);
        }
    }

    @Test
    void endsThePreparationOfACancelledFuture() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch letGo = new CountDownLatch(1);
        RequestBudget budget = probed(() -> {
            begun.countDown();
            try {
                letGo.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return false;
        });
        long answered = model.stats().answered();
        long generated = model.stats().promptTokens();
        CompletableFuture<ChatResponse> answer =
                model.chatAsync(SHORT.toBuilder().budget(budget).build());
        begun.await();
        answer.cancel(true);
        letGo.countDown();

        while (model.stats().answered() == answered) {
            Thread.sleep(1);
        }
        assertThatThrownBy(() -> budget.check("what comes next")).isInstanceOf(CancellationException.class);
        assertThat(model.stats().promptTokens()).isEqualTo(generated);
        assertThat(model.stats().waiting()).isZero();
    }
}
