package io.github.internvl.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.ChatStream;
import io.github.internvl.GenerationConfig;
import io.github.internvl.InternVL;
import io.github.internvl.InternVLException;
import io.github.internvl.InvalidRequestException;
import io.github.internvl.ModelMemoryException;
import io.github.internvl.Precision;
import io.github.internvl.internal.engine.Engine;
import io.github.internvl.internal.engine.PreparedRequest;
import io.github.internvl.internal.engine.PreparedRequest.TokenPrompt;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** One model asked from many sides at once, on the project's own tiny checkpoints. */
@Timeout(300)
class EngineEndToEndTest {
    private static final int THREADS = 8;
    private static final int REQUESTS_PER_THREAD = 20;

    private static Stream<String> variants() {
        return own().stream().map(GoldenVariant::name);
    }

    private static List<GoldenVariant> own() {
        return Goldens.all().get(0).variants();
    }

    private static GoldenVariant variant(String name) {
        return own().stream().filter(v -> v.name().equals(name)).findFirst().orElseThrow();
    }

    private static InternVL load(GoldenVariant variant, int maxConcurrent) {
        return InternVL.builder(variant.model())
                .precision(Precision.FLOAT32)
                .device(Goldens.DEVICE)
                .maxConcurrent(maxConcurrent)
                .load();
    }

    /** Its greedy answer has no end, whatever the limit. */
    private static ChatRequest endless() {
        return ChatRequest.builder().text("Why?").maxNewTokens(8000).build();
    }

    private static GoldenVariant endlessVariant() {
        return variant("own/tiny-resized");
    }

    private record Answer(String text, FinishReason reason, int promptTokens, int generatedTokens) {
        static Answer of(ChatResponse response) {
            ChatResponse.Usage usage = response.usage();
            return new Answer(response.text(), response.finishReason(), usage.promptTokens(), usage.generatedTokens());
        }
    }

    /** The golden requests, whose greedy answers no rounding changes; some cut short, some stopped, some sampled. */
    private static List<ChatRequest> requests(GoldenVariant variant) {
        List<ChatRequest> requests = new ArrayList<>();
        for (GoldenCase golden : variant.cases()) {
            if (!golden.isAnswered() || golden.api().equals("generate")) {
                continue;
            }
            for (GoldenCase.Round round : golden.rounds()) {
                ApiRequests asked = ApiRequests.of(round);
                if (asked.meaning() == ApiRequests.Meaning.SAME) {
                    int number = requests.size();
                    ChatRequest.Builder request = asked.request().toBuilder();
                    switch (number % 5) {
                        case 1 -> request.maxNewTokens(1 + number % 7);
                        case 2 -> request.stop(middle(round.response()), "never said");
                        case 3 -> request.temperature(0.9).topK(20).topP(0.9).seed(number);
                        default -> {} // as it is
                    }
                    requests.add(request.build());
                }
            }
        }
        return requests;
    }

    private static String middle(String text) {
        int at = text.offsetByCodePoints(0, text.codePointCount(0, text.length()) / 2);
        return text.substring(at, text.offsetByCodePoints(at, 1));
    }

    @ParameterizedTest
    @MethodSource("variants")
    void answersManyThreadsAsItAnswersEachAlone(String name) throws Exception {
        List<ChatRequest> requests = requests(variant(name));
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try (InternVL model = load(variant(name), 3)) {
            List<Answer> alone =
                    requests.stream().map(r -> Answer.of(model.chat(r))).toList();
            List<Callable<Integer>> askers = IntStream.range(0, THREADS)
                    .<Callable<Integer>>mapToObj(thread -> () -> ask(model, requests, alone, new Random(thread)))
                    .toList();
            int answered = 0;
            for (Future<Integer> asker : threads.invokeAll(askers)) {
                answered += asker.get();
            }
            assertThat(answered).isEqualTo(THREADS * REQUESTS_PER_THREAD);
        } finally {
            threads.shutdownNow();
        }
    }

    /**
     * Asks some of the requests in some order, one way or another, with bad requests and given up answers in between.
     */
    private static int ask(InternVL model, List<ChatRequest> requests, List<Answer> alone, Random random) {
        for (int i = 0; i < REQUESTS_PER_THREAD; i++) {
            int number = random.nextInt(requests.size());
            ChatRequest request = requests.get(number);
            switch (i % 4) {
                case 0 -> assertThat(Answer.of(streamed(model, request))).isEqualTo(alone.get(number));
                case 1 -> {
                    int other = random.nextInt(requests.size());
                    List<ChatResponse> both = model.batchChat(List.of(request, requests.get(other)));
                    assertThat(both.stream().map(Answer::of)).containsExactly(alone.get(number), alone.get(other));
                }
                case 2 -> {
                    model.stream(requests.get(random.nextInt(requests.size()))).close();
                    assertThat(Answer.of(model.chat(request))).isEqualTo(alone.get(number));
                }
                default -> {
                    assertThatExceptionOfType(InvalidRequestException.class)
                            .isThrownBy(() -> model.chat("<image>\nWhere is it?"));
                    assertThat(Answer.of(model.chat(request))).isEqualTo(alone.get(number));
                }
            }
        }
        return REQUESTS_PER_THREAD;
    }

    private static ChatResponse streamed(InternVL model, ChatRequest request) {
        try (ChatStream stream = model.stream(request)) {
            StringBuilder text = new StringBuilder();
            stream.forEach(text::append);
            assertThat(text).hasToString(stream.response().text());
            return stream.response();
        }
    }

    @Test
    void closingAStreamFreesItsSlot() {
        ChatRequest next = requests(endlessVariant()).get(0);
        try (InternVL model = load(endlessVariant(), 1)) {
            Answer alone = Answer.of(model.chat(next));
            ChatStream endless = model.stream(endless());
            assertThat(endless.iterator().hasNext()).isTrue();
            ChatStream waiting = model.stream(next);
            endless.close();
            assertThat(Answer.of(waiting.response())).isEqualTo(alone);
            assertThat(endless.response().finishReason()).isEqualTo(FinishReason.CANCELLED);
        }
    }

    @Test
    void closingAStreamThatStillWaitsEndsIt() {
        try (InternVL model = load(endlessVariant(), 1)) {
            ChatStream endless = model.stream(endless());
            assertThat(endless.iterator().hasNext()).isTrue();
            ChatStream waiting = model.stream(endless());
            waiting.close();
            ChatResponse response = waiting.response();
            assertThat(response.finishReason()).isEqualTo(FinishReason.CANCELLED);
            assertThat(response.text()).isEmpty();
            assertThat(response.usage().generatedTokens()).isZero();
            endless.close();
        }
    }

    @Test
    void closingTheModelFailsWhatRunsAndWhatWaits() {
        InternVL model = load(endlessVariant(), 1);
        ChatStream running = model.stream(endless());
        ChatStream waiting = model.stream(endless());
        assertThat(running.iterator().hasNext()).isTrue();
        model.close();
        for (ChatStream stream : List.of(running, waiting)) {
            assertThatThrownBy(stream::response)
                    .isInstanceOf(InternVLException.class)
                    .hasMessageContaining("the model is closed");
        }
        assertThatThrownBy(() -> model.chat("Who are you?"))
                .isInstanceOf(InternVLException.class)
                .hasMessageContaining("the model is closed");
        model.close();
    }

    @Test
    void closingTheModelFailsThoseThatWaitInOtherThreads() throws Exception {
        InternVL model = load(endlessVariant(), 2);
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try (ChatStream running = model.stream(endless())) {
            List<Future<ChatResponse>> asked = IntStream.range(0, THREADS)
                    .mapToObj(i -> threads.submit(() -> model.chat(endless())))
                    .toList();
            assertThat(running.iterator().hasNext()).isTrue();
            model.close();
            for (Future<ChatResponse> response : asked) {
                assertThatThrownBy(response::get)
                        .isInstanceOf(ExecutionException.class)
                        .cause()
                        .isInstanceOf(InternVLException.class)
                        .hasMessageContaining("the model is closed");
            }
        } finally {
            threads.shutdownNow();
            model.close();
        }
    }

    @ParameterizedTest
    @MethodSource("variants")
    void servesOnAfterAFailureWhileComputing(String name) {
        GoldenVariant variant = variant(name);
        GoldenCase golden = variant.cases().stream()
                .filter(GoldenCase::isAnswered)
                .findFirst()
                .orElseThrow();
        GoldenCase.Round round = golden.rounds().get(0);
        try (EngineSubject loaded = EngineSubject.load(variant, 2, 512, 4)) {
            TokenPrompt beyond = new TokenPrompt(new int[] {1, Integer.MAX_VALUE}, new int[0]);
            Subject.Prompt prompt = new Subject.Prompt("", "", beyond, List.of());
            PendingAnswer failing =
                    PendingAnswer.submit(loaded.engine(), loaded.subject().request(golden, prompt));
            assertThatThrownBy(failing::get)
                    .cause()
                    .isInstanceOf(InternVLException.class)
                    .hasMessageContaining("failed");
            assertThat(loaded.ask(round).get().ids()).isEqualTo(round.generatedIds());
        }
    }

    /** More keys and values than a processor can address, so that libtorch finds no memory whatever the machine has. */
    @Test
    void servesOnWhenThereIsNoMemory() {
        GoldenVariant variant = variant("own/tiny-qwen");
        GoldenCase.Round round = variant.cases().stream()
                .filter(GoldenCase::isAnswered)
                .findFirst()
                .orElseThrow()
                .rounds()
                .get(0);
        int slots = 1024;
        int context = Integer.MAX_VALUE - 255; // a multiple of what slots grow by
        try (Subject subject = Subject.load(variant);
                Engine engine = new Engine(
                        subject.handedOver(), subject.tokenizer(), new Engine.Limits(slots, context, 512, 4))) {
            PreparedRequest usual = subject.request(round.golden(), subject.prompt(round));
            GenerationConfig endless = usual.config().toBuilder()
                    .temperature(1)
                    .answers(slots)
                    .maxNewTokens(context)
                    .build();
            PendingAnswer failing = PendingAnswer.submit(
                    engine,
                    new PreparedRequest(
                            usual.prompt(),
                            usual.dialogue(),
                            usual.pictures(),
                            endless,
                            usual.ends(),
                            usual.history(),
                            usual.badWords(),
                            usual.urgency(),
                            usual.preprocess()));
            assertThatThrownBy(failing::get)
                    .cause()
                    .isInstanceOf(ModelMemoryException.class)
                    .hasMessageContaining("memory")
                    .hasMessageContaining("ask for less at once");
            assertThat(engine.keyUse()).isZero();
            assertThat(PendingAnswer.submit(engine, usual).get().ids()).isEqualTo(round.generatedIds());
        }
    }
}
