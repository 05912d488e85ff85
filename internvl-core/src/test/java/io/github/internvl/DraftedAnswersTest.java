package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.fixtures.TinyCheckpoint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Drafting tokens changes how an answer is computed, and never what it is. */
class DraftedAnswersTest {
    private static final List<String> QUESTIONS = List.of("Hello.", "a b c a b c a b c", "What is it? What is it?");
    private static final List<UnaryOperator<GenerationConfig.Builder>> WAYS = List.of(
            config -> config,
            config -> config.ignoreEnd(true).maxNewTokens(80),
            config -> config.sampling(true).seed(7).temperature(0.2),
            config -> config.repetitionPenalty(1.05).logprobs(2),
            config -> config.stop("e"),
            config -> config.format(OutputFormat.regex("(ab){1,20}c")));

    static Stream<Path> checkpoints() {
        return Stream.of(TinyCheckpoint.qwen(), TinyCheckpoint.internlm2());
    }

    @ParameterizedTest
    @MethodSource("checkpoints")
    void answersAreThoseWithoutDrafts(Path folder) {
        int accepted = 0;
        try (InternVL model = InternVL.builder(folder)
                .precision(Precision.FLOAT32)
                .maxConcurrent(3)
                .load()) {
            for (UnaryOperator<GenerationConfig.Builder> way : WAYS) {
                List<ChatRequest> plain = new ArrayList<>();
                List<ChatRequest> drafted = new ArrayList<>();
                for (String question : QUESTIONS) {
                    plain.add(request(question, config(way).build()));
                    drafted.add(request(question, config(way).promptLookup(6).build()));
                }
                List<ChatResponse> expected = model.batchChat(plain);
                List<ChatResponse> answers = model.batchChat(drafted);

                assertThat(answers).map(ChatResponse::text).isEqualTo(texts(expected));
                assertThat(answers)
                        .map(answer -> answer.usage().generatedTokens())
                        .isEqualTo(expected.stream()
                                .map(answer -> answer.usage().generatedTokens())
                                .toList());
                assertThat(expected).allMatch(answer -> answer.usage().draftedTokens() == 0);
                for (ChatResponse answer : answers) {
                    assertThat(answer.usage().acceptedTokens())
                            .isBetween(0, answer.usage().draftedTokens());
                    accepted += answer.usage().acceptedTokens();
                }
            }
        }
        assertThat(accepted).isPositive();
    }

    @Test
    void aConversationGoesOnFromWhatWasAccepted() {
        try (InternVL model = InternVL.builder(TinyCheckpoint.qwen())
                .precision(Precision.FLOAT32)
                .load()) {
            GenerationConfig plain =
                    GenerationConfig.builder().ignoreEnd(true).maxNewTokens(60).build();
            GenerationConfig drafting = plain.toBuilder().promptLookup(5).build();
            List<String> answers = new ArrayList<>();
            for (GenerationConfig config : List.of(plain, drafting)) {
                ChatResponse first = model.chat(request("a b a b", config));
                ChatResponse second = model.chat(ChatRequest.builder()
                        .history(first.history())
                        .text("And then?")
                        .generation(config)
                        .build());
                assertThat(second.usage().cachedTokens()).isPositive();
                answers.add(first.text() + second.text());
            }
            assertThat(answers.get(1)).isEqualTo(answers.get(0));
        }
    }

    @Test
    void draftsAreRefusedForSeveralAnswersOrBeams() {
        assertThatThrownBy(() ->
                        GenerationConfig.builder().beams(2).promptLookup(4).build())
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("promptLookup and several answers or beams cannot be combined");
        assertThatThrownBy(() -> GenerationConfig.builder().promptLookup(33))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("promptLookup must be 0 (none) to 32: 33");
    }

    private static GenerationConfig.Builder config(UnaryOperator<GenerationConfig.Builder> way) {
        return way.apply(GenerationConfig.builder().maxNewTokens(40));
    }

    private static ChatRequest request(String question, GenerationConfig config) {
        return ChatRequest.builder().text(question).generation(config).build();
    }

    private static List<String> texts(List<ChatResponse> answers) {
        return answers.stream().map(ChatResponse::text).toList();
    }
}
