package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.vision.Image;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Prompts that begin alike and pictures that come again: computed once, with the answers that they get without that. */
@Tag("any-jdk")
@Timeout(120)
class ReuseTest {
    private static final List<Image> PICTURES = List.of(
            Image.open(TinyCheckpoint.picture("river.png")),
            Image.open(TinyCheckpoint.picture("tower.png")),
            Image.open(TinyCheckpoint.picture("window.png")));
    private static final List<String> QUESTIONS =
            List.of("What is this?", "What is this? Be brief.", "Who lives here?", "Count the windows, please.");

    private static final Map<Integer, List<String>> ALONE = new HashMap<>(); // it takes a while

    /** Keeps nothing: a slot that is too small for two requests, and no visual tokens. */
    private static InternVL forgetful() {
        return builder().maxConcurrent(1).visualCacheBytes(0).load();
    }

    private static InternVLBuilder builder() {
        return InternVL.builder(TinyCheckpoint.qwen()).precision(Precision.FLOAT32);
    }

    private static ChatRequest ask(String question, Image... pictures) {
        return ChatRequest.builder().text(question, pictures).maxNewTokens(12).build();
    }

    /** A request of a random kind, of which many begin alike. */
    private static ChatRequest any(Random random) {
        ChatRequest.Builder request = ChatRequest.builder().maxNewTokens(1 + random.nextInt(20));
        Image picture = PICTURES.get(random.nextInt(PICTURES.size()));
        String question = QUESTIONS.get(random.nextInt(QUESTIONS.size()));
        switch (random.nextInt(6)) {
            case 0 -> request.text(question);
            case 1 -> request.text(question, picture, PICTURES.get(random.nextInt(PICTURES.size())));
            case 2 ->
                request.text(question)
                        .history(List.of(new ChatRequest.Turn("<image>\nHm?", List.of(picture), "A house.")));
            case 3 -> request.text(question, picture).systemMessage("Speak like a poet, and never of yourself.");
            case 4 ->
                request.text(question, picture)
                        .generation(GenerationConfig.builder()
                                .maxNewTokens(5)
                                .beams(2)
                                .build());
            default -> request.text(question, picture);
        }
        return request.build();
    }

    @Test
    void computesOnlyTheRestOfAPromptThatBeginsAsAnother() {
        try (InternVL model = builder().load()) {
            ChatResponse first = model.chat(ask(QUESTIONS.get(0), PICTURES.get(0)));
            ChatResponse second = model.chat(ask(QUESTIONS.get(1), PICTURES.get(0)));

            assertThat(first.usage().cachedTokens()).isZero();
            assertThat(second.usage().cachedTokens())
                    .isGreaterThan(second.usage().visualTokens())
                    .isLessThan(second.usage().promptTokens());
            assertThat(second.usage().cachedTiles()).isPositive();
        }
    }

    @Test
    void goesOnWithAConversationFromItsLastAnswer() {
        try (InternVL model = builder().load()) {
            Conversation talk = model.conversation();
            ChatResponse first = talk.ask(ask(QUESTIONS.get(0), PICTURES.get(0)));
            ChatResponse second = talk.ask(ask(QUESTIONS.get(2)));

            assertThat(second.usage().cachedTokens())
                    .isGreaterThanOrEqualTo(first.usage().promptTokens());
        }
    }

    @Test
    void doesNotTakeAnotherPictureOfTheSameSizeForThisOne() {
        Image other = PICTURES.get(1);
        try (InternVL model = builder().load()) {
            Image same = Image.open(TinyCheckpoint.picture("river.png"));
            ChatResponse first = model.chat(ask(QUESTIONS.get(0), PICTURES.get(0)));
            ChatResponse opened = model.chat(ask(QUESTIONS.get(0), same));
            ChatResponse changed = model.chat(ask(QUESTIONS.get(0), other));

            assertThat(opened.text()).isEqualTo(first.text());
            assertThat(opened.usage().cachedTokens()).isEqualTo(first.usage().promptTokens() - 1);
            assertThat(changed.usage().cachedTokens())
                    .isLessThanOrEqualTo(
                            changed.usage().promptTokens() - changed.usage().visualTokens());
        }
    }

    @Test
    void encodesAPictureOnceWhereverItStands() {
        try (InternVL model = builder().load()) {
            model.chat(ask("Look: <image>", PICTURES.get(0)));
            ChatResponse later = model.chat(ask("And this here? <image>", PICTURES.get(0)));

            assertThat(later.usage().cachedTokens())
                    .isLessThan(later.usage().promptTokens() - later.usage().visualTokens());
            assertThat(later.usage().cachedTiles()).isPositive();
        }
        try (InternVL model = forgetful()) {
            model.chat(ask("Look: <image>", PICTURES.get(0)));
            assertThat(model.chat(ask("And this here? <image>", PICTURES.get(0)))
                            .usage()
                            .cachedTiles())
                    .isZero();
        }
    }

    @Test
    void computesWhatABatchHasInCommonOnce() {
        List<ChatRequest> batch =
                QUESTIONS.stream().map(q -> ask(q, PICTURES.get(0))).toList();
        try (InternVL model = builder().load()) {
            List<ChatResponse> answers = model.batchChat(batch);

            assertThat(answers.stream()
                            .filter(a -> a.usage().cachedTokens() > a.usage().visualTokens()))
                    .hasSize(batch.size() - 1);
            assertThat(answers).extracting(ChatResponse::text).isEqualTo(alone(batch));
        }
    }

    private static List<String> alone(List<ChatRequest> requests) {
        List<String> answers = new ArrayList<>();
        for (ChatRequest request : requests) {
            try (InternVL model = builder().maxConcurrent(2).visualCacheBytes(0).load()) {
                answers.add(model.chat(request).text());
            }
        }
        return answers;
    }

    @ParameterizedTest
    @ValueSource(longs = {1024, 4096})
    void answersTheSameInAnyOrderAndWithAnyRoom(long tokens) throws Exception {
        Random random = new Random(7);
        List<ChatRequest> requests =
                IntStream.range(0, 12).mapToObj(i -> any(random)).toList();
        List<String> alone = ALONE.computeIfAbsent(requests.size(), any -> alone(requests));
        ExecutorService threads = Executors.newFixedThreadPool(6);
        try (InternVL model = builder().maxConcurrent(4).kvCacheTokens(tokens).load()) {
            List<Callable<Integer>> askers = IntStream.range(0, 6)
                    .<Callable<Integer>>mapToObj(thread -> () -> {
                        Random own = new Random(thread);
                        int cached = 0;
                        for (int i = 0; i < 20; i++) {
                            int number = own.nextInt(requests.size());
                            ChatResponse answer = model.chat(requests.get(number));
                            assertThat(answer.text()).isEqualTo(alone.get(number));
                            cached += answer.usage().cachedTokens();
                        }
                        return cached;
                    })
                    .toList();
            for (Future<Integer> cached : threads.invokeAll(askers)) {
                assertThat(cached.get()).isPositive();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void goesOnFromAnAnswerThatWasStopped() {
        ChatRequest request = ask(QUESTIONS.get(2), PICTURES.get(2));
        String expected = alone(List.of(request)).get(0);
        try (InternVL model = builder().maxConcurrent(1).load()) {
            for (int i = 0; i < 5; i++) {
                try (ChatStream stopped = model.stream(request)) {
                    assertThat(stopped.iterator().hasNext()).isTrue();
                }
                assertThat(model.chat(request).text()).isEqualTo(expected);
            }
        }
    }
}
