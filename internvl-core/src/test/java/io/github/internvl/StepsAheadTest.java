package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.fixtures.TinyCheckpoint;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An engine that launches a step before it knows the tokens of the one before gives the answers of one that waits. */
@Tag("any-jdk")
class StepsAheadTest {
    private static final String PROPERTY = "internvl.stepsAhead";
    private static final int ROUNDS = 3;
    private static final List<UnaryOperator<GenerationConfig.Builder>> WAYS = List.of(
            config -> config,
            config -> config.maxNewTokens(1),
            config -> config.maxNewTokens(2),
            config -> config.ignoreEnd(true).maxNewTokens(40),
            config -> config.ignoreEnd(true).maxNewTokens(1000), // to the end of the context
            config -> config.sampling(true).seed(8).answers(2),
            config -> config.ignoreEnd(true).stopLoops(2, 3),
            config -> config.ignoreEnd(true).stop("e", "a"),
            config -> config.ignoreEnd(true).tokenListener(id -> id % 7 != 3),
            config -> config.sampling(true).seed(7).temperature(0.2),
            config -> config.beams(3),
            config -> config.promptLookup(4),
            config -> config.repetitionPenalty(1.05).logprobs(2));

    @ParameterizedTest
    @CsvSource({"qwen,false", "qwen,true", "internlm2,false", "internlm2,true"})
    void answersAreThoseOfAnEngineThatWaits(String name, boolean whole) {
        Path folder = name.equals("qwen") ? TinyCheckpoint.qwen() : TinyCheckpoint.internlm2();

        assertThat(answers(folder, whole, true)).isEqualTo(answers(folder, whole, false));
    }

    /** Answers to requests that begin and end at different times, some of them beginning alike. */
    private static List<String> answers(Path folder, boolean whole, boolean ahead) {
        System.setProperty(PROPERTY, Boolean.toString(ahead));
        try (InternVL model = InternVL.builder(folder)
                .precision(Precision.FLOAT32)
                .maxConcurrent(5)
                .contextLength(400)
                .staticSlots(whole)
                .load()) {
            List<ChatRequest> requests = IntStream.range(0, ROUNDS * WAYS.size())
                    .mapToObj(i -> request("a b c ".repeat(1 + i * 7 % 20) + i, WAYS.get(i % WAYS.size())))
                    .toList();
            return Stream.concat(model.batchChat(requests).stream(), oneAfterTheOther(model, requests))
                    .flatMap(answer -> Stream.concat(Stream.of(answer), answer.alternatives().stream()))
                    .map(answer -> answer.ids() + " " + answer.finishReason() + " " + answer.text() + " "
                            + answer.usage().generatedTokens())
                    .toList();
        } finally {
            System.clearProperty(PROPERTY);
        }
    }

    /** Alone, a request finds in its slot what the one before left; some end before their time. */
    private static Stream<ChatResponse> oneAfterTheOther(InternVL model, List<ChatRequest> requests) {
        try (ChatStream stream = model.stream(requests.get(3))) {
            assertThat(stream.iterator().hasNext()).isTrue();
        }
        return requests.subList(0, WAYS.size()).stream().map(model::chat);
    }

    @Test
    void aRequestThatIsLateEndsAndLeavesItsSlotToTheNext() {
        System.setProperty(PROPERTY, "true");
        try (InternVL model = InternVL.builder(TinyCheckpoint.qwen())
                .precision(Precision.FLOAT32)
                .maxConcurrent(1)
                .load()) {
            ChatRequest next = request("a b c ", config -> config.ignoreEnd(true));
            List<Integer> before = model.chat(next).ids();
            GenerationConfig slow = GenerationConfig.builder()
                    .ignoreEnd(true)
                    .maxNewTokens(1000)
                    .tokenListener(id -> sleeps())
                    .build();
            ChatRequest late = ChatRequest.builder()
                    .text("a b c d e f")
                    .timeout(Duration.ofSeconds(2))
                    .generation(slow)
                    .build();

            assertThat(model.chat(late).finishReason()).isEqualTo(ChatResponse.FinishReason.TIMEOUT);
            assertThat(model.chat(next).ids()).isEqualTo(before);
        } finally {
            System.clearProperty(PROPERTY);
        }
    }

    private static boolean sleeps() {
        LockSupport.parkNanos(50_000_000);
        return true;
    }

    private static ChatRequest request(String text, UnaryOperator<GenerationConfig.Builder> way) {
        GenerationConfig config =
                way.apply(GenerationConfig.builder().maxNewTokens(20)).build();
        return ChatRequest.builder().text(text).generation(config).build();
    }
}
