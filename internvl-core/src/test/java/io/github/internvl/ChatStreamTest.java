package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.fixtures.TinyCheckpoint;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ChatStreamTest {
    private static final ChatRequest STORY =
            ChatRequest.builder().text("Tell me a story.").maxNewTokens(24).build();
    private static final ChatRequest ENDLESS =
            ChatRequest.builder().text("Why?").maxNewTokens(100_000).build();

    private static InternVL model;

    @BeforeAll
    static void load() {
        model = InternVL.builder(TinyCheckpoint.resized())
                .precision(Precision.FLOAT32)
                .contextLength(100_000)
                .maxConcurrent(1)
                .load();
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @Test
    void canBeReadOnce() {
        try (ChatStream stream = model.stream(STORY)) {
            Iterator<String> pieces = stream.iterator();
            assertThatThrownBy(stream::iterator).isInstanceOf(IllegalStateException.class);
            pieces.forEachRemaining(piece -> {});
            assertThatThrownBy(pieces::next).isInstanceOf(NoSuchElementException.class);
            assertThat(stream.response().text()).isNotEmpty();
            assertThat(stream.response()).isSameAs(stream.response());
        }
    }

    @Test
    void freesTheOnlySlotWhenItIsClosed() {
        ChatStream endless = model.stream(ENDLESS);
        assertThat(endless.iterator().hasNext()).isTrue();
        ChatStream waiting = model.stream(STORY);
        endless.close();
        endless.close();

        assertThat(waiting.response().finishReason()).isNotEqualTo(ChatResponse.FinishReason.CANCELLED);
        ChatResponse cut = endless.response();
        assertThat(cut.finishReason()).isEqualTo(ChatResponse.FinishReason.CANCELLED);
        assertThat(cut.usage().generatedTokens()).isPositive();
    }

    @Test
    void neverStartsWhatIsClosedWhileItWaits() {
        ChatStream endless = model.stream(ENDLESS);
        ChatStream waiting = model.stream(STORY);
        waiting.close();

        assertThat(waiting.response().usage().generatedTokens()).isZero();
        endless.close();
    }

    @Test
    void doesNotRememberACancelledRound() {
        Conversation talk = model.conversation();
        ChatStream endless = talk.stream(ENDLESS);
        assertThat(endless.iterator().hasNext()).isTrue();
        endless.close();
        endless.response();
        assertThat(talk.history()).isEmpty();
    }

    @Test
    void publishesNoMoreThanASubscriberAsksFor() throws Exception {
        Collector slow = new Collector(1);
        ChatStream stream = model.stream(STORY);
        stream.publisher().subscribe(slow);
        stream.response(); // generated to its end, whoever reads it
        slow.first.get(30, TimeUnit.SECONDS);
        Thread.sleep(100);
        assertThat(slow.pieces).hasSize(1);
        assertThat(slow.done).isNotDone();
        stream.close();
    }

    @Test
    void publishesTheWholeAnswer() throws Exception {
        String answer = model.chat(STORY).text();
        Collector collector = new Collector(Long.MAX_VALUE);
        model.stream(STORY).publisher().subscribe(collector);

        assertThat(collector.done.get(30, TimeUnit.SECONDS)).isTrue();
        assertThat(String.join("", collector.pieces)).isEqualTo(answer);
    }

    @Test
    void stopsGeneratingWhenTheSubscriptionIsCancelled() {
        Collector collector = new Collector(1);
        ChatStream stream = model.stream(ENDLESS);
        stream.publisher().subscribe(collector);
        collector.first.orTimeout(30, TimeUnit.SECONDS).join();
        collector.subscription.join().cancel();

        assertThat(model.chat(STORY).text()).isNotEmpty();
    }

    @Test
    void refusesASecondSubscriberAndNone() {
        ChatStream stream = model.stream(STORY);
        assertThatThrownBy(() -> stream.publisher().subscribe(null)).isInstanceOf(NullPointerException.class);
        stream.publisher().subscribe(new Collector(1));
        Collector second = new Collector(1);
        stream.publisher().subscribe(second);

        assertThatThrownBy(() -> second.done.get(30, TimeUnit.SECONDS)).hasCauseInstanceOf(IllegalStateException.class);
        stream.close();
    }

    @Test
    void stopsWaitingWhenItsThreadIsInterrupted() {
        ChatStream endless = model.stream(ENDLESS);
        Thread.currentThread().interrupt();
        assertThatThrownBy(endless::response)
                .isInstanceOf(InternVLException.class)
                .hasMessageContaining("interrupted");
        assertThat(Thread.interrupted()).isTrue();

        assertThat(endless.response().finishReason()).isEqualTo(ChatResponse.FinishReason.CANCELLED);
    }

    @Test
    void tellsASubscriberThatLacksMemoryUntilItHears() {
        CompletableFuture<Throwable> heard = new CompletableFuture<>();
        AtomicInteger tries = new AtomicInteger();
        ChatStream stream = model.stream(ENDLESS);
        stream.publisher().subscribe(new Flow.Subscriber<>() {
            @Override
            public void onSubscribe(Flow.Subscription subscription) {
                subscription.request(Long.MAX_VALUE);
            }

            @Override
            public void onNext(String piece) {
                throw new OutOfMemoryError("Java heap space");
            }

            @Override
            public void onError(Throwable failure) {
                if (tries.incrementAndGet() < 3) {
                    throw new OutOfMemoryError("Java heap space");
                }
                heard.complete(failure);
            }

            @Override
            public void onComplete() {
                heard.complete(new AssertionError("complete"));
            }
        });

        assertThat(heard.join()).isInstanceOf(OutOfMemoryError.class);
        assertThat(tries).hasValue(3);
        assertThat(stream.response().finishReason()).isEqualTo(ChatResponse.FinishReason.CANCELLED);
    }

    @Test
    void reportsASubscriberThatAsksForNothing() {
        Collector collector = new Collector(0);
        ChatStream stream = model.stream(ENDLESS);
        stream.publisher().subscribe(collector);

        assertThatThrownBy(() -> collector.done.get(30, TimeUnit.SECONDS))
                .hasCauseInstanceOf(IllegalArgumentException.class);
        assertThat(stream.response().finishReason()).isEqualTo(ChatResponse.FinishReason.CANCELLED);
    }

    /** A subscriber that asks once and keeps what it gets. */
    private static final class Collector implements Flow.Subscriber<String> {
        private final long demand;
        private final List<String> pieces = Collections.synchronizedList(new ArrayList<>());
        private final CompletableFuture<String> first = new CompletableFuture<>();
        private final CompletableFuture<Boolean> done = new CompletableFuture<>();
        private final CompletableFuture<Flow.Subscription> subscription = new CompletableFuture<>();

        Collector(long demand) {
            this.demand = demand;
        }

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription.complete(given);
            given.request(demand);
        }

        @Override
        public void onNext(String piece) {
            pieces.add(piece);
            first.complete(piece);
        }

        @Override
        public void onError(Throwable failure) {
            done.completeExceptionally(failure);
        }

        @Override
        public void onComplete() {
            done.complete(true);
        }
    }
}
