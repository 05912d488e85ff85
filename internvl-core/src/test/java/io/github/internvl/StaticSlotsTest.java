package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Slots that have their whole room from the start have attention in one, and answer as the others do. */
@Tag("any-jdk")
class StaticSlotsTest {
    private static final String EMBEDDING = "language_model.model.embed_tokens.weight";
    private static final short NAN = (short) 0x7FC0;
    private static final List<UnaryOperator<GenerationConfig.Builder>> WAYS = List.of(
            config -> config,
            config -> config.maxNewTokens(3),
            config -> config.ignoreEnd(true).maxNewTokens(40),
            config -> config.sampling(true).seed(7).temperature(0.2),
            config -> config.sampling(true).seed(8).answers(2),
            config -> config.beams(3),
            config -> config.promptLookup(4),
            config -> config.ignoreEnd(true).maxNewTokens(1000), // to the end of the context
            config -> config.repetitionPenalty(1.05).logprobs(2));

    static Stream<Path> checkpoints() {
        return Stream.of(TinyCheckpoint.qwen(), TinyCheckpoint.internlm2());
    }

    @ParameterizedTest
    @MethodSource("checkpoints")
    void answersAreThoseOfOtherSlots(Path folder) {
        assertThat(answers(folder, builder -> builder.staticSlots(true)))
                .isEqualTo(answers(folder, builder -> builder.staticSlots(false)));
    }

    @ParameterizedTest
    @MethodSource("checkpoints")
    void answersAreThoseOfOtherSlotsWhereKeysAreShort(Path folder) {
        UnaryOperator<InternVLBuilder> shortKeys = builder -> builder.kvCachePrecision(Precision.INT8);

        assertThat(answers(folder, builder -> shortKeys.apply(builder).staticSlots(true)))
                .isEqualTo(answers(folder, shortKeys));
    }

    @Test
    void theKvCacheIsThatOfAllSlotsAndCannotBeAnother() {
        InternVLBuilder builder = InternVL.builder(TinyCheckpoint.qwen())
                .precision(Precision.FLOAT32)
                .maxConcurrent(3)
                .contextLength(300);
        ChatRequest whole = request("Hello.", config -> config.beams(3).maxNewTokens(1000));
        try (InternVL model = builder.load()) {
            assertThatThrownBy(() -> model.chat(whole))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("1024 tokens: 1536");
        }
        builder.staticSlots(true);
        try (InternVL model = builder.load()) {
            assertThat(model.chat(whole).usage().generatedTokens()).isPositive();
        }
        assertThatThrownBy(() -> builder.kvCacheTokens(600).load())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("kvCacheTokens")
                .hasMessageContaining("600");
    }

    @Test
    void aRequestWhoseKeysAreNoNumbersLeavesNothingForThoseAfterIt(@TempDir Path folder) throws IOException {
        TinyCheckpoint.copy(TinyCheckpoint.qwen(), folder);
        try (Tokenizer tokenizer = Tokenizer.load(folder)) {
            int[] ids = tokenizer.encode("~");
            TinyCheckpoint.fillRow(folder, EMBEDDING, ids[ids.length - 1], NAN);
        }
        try (InternVL model = InternVL.builder(folder)
                .precision(Precision.FLOAT32)
                .maxConcurrent(2)
                .staticSlots(true)
                .load()) {
            List<String> questions = List.of("Hello.", "What is it?");
            List<String> before =
                    questions.stream().map(q -> model.chat(q).text()).toList();
            String bad = "a b c ".repeat(20) + "~";
            assertThatThrownBy(() -> model.batchChat(List.of(ChatRequest.of(bad), ChatRequest.of(bad + bad))))
                    .hasMessageContaining("not numbers");

            assertThat(model.batchChat(questions.stream().map(ChatRequest::of).toList()))
                    .map(ChatResponse::text)
                    .isEqualTo(before);
        }
    }

    @Test
    void slotsThatDoNotFitAreRefusedWithTheRemedy() {
        InternVLBuilder builder = InternVL.builder(TinyCheckpoint.qwen())
                .maxConcurrent(10_000_000) // beyond every address space
                .contextLength(1 << 20)
                .staticSlots(true);
        assertThatThrownBy(builder::load)
                .isInstanceOf(InternVLException.class)
                .hasMessageContaining("static slots do not fit: 10000000 of 1048576 tokens each; lower maxConcurrent");
    }

    /** Answers to requests that begin and end at different times, some of them beginning alike. */
    private static List<List<String>> answers(Path folder, UnaryOperator<InternVLBuilder> way) {
        InternVLBuilder builder = InternVL.builder(folder)
                .precision(Precision.FLOAT32)
                .maxConcurrent(5)
                .contextLength(400);
        try (InternVL model = way.apply(builder).load()) {
            List<ChatRequest> requests = IntStream.range(0, 3 * WAYS.size())
                    .mapToObj(i -> request("a b c ".repeat(1 + i * 7 % 20) + i, WAYS.get(i % WAYS.size())))
                    .toList();
            return model.batchChat(requests).stream()
                    .map(answer -> Stream.concat(Stream.of(answer), answer.alternatives().stream())
                            .map(ChatResponse::text)
                            .toList())
                    .toList();
        }
    }

    private static ChatRequest request(String text, UnaryOperator<GenerationConfig.Builder> way) {
        GenerationConfig config =
                way.apply(GenerationConfig.builder().maxNewTokens(20)).build();
        return ChatRequest.builder().text(text).generation(config).build();
    }
}
