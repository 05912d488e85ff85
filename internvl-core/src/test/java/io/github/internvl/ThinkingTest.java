package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.fixtures.TinyCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Answers that a processor dictates, of a model whose tokenizer has the marks of thinking in place of those of tool calls. */
class ThinkingTest {
    private static final String ANSWER = "<think>\n one, two \n</think>\n\n three";

    @TempDir
    private static Path folder;

    private static InternVL model;

    @BeforeAll
    static void load() throws IOException {
        TinyCheckpoint.copy(TinyCheckpoint.qwen(), folder);
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".json")).toList()) {
                Files.writeString(file, Files.readString(file).replace("tool_call>", "think>"));
            }
        }
        model = InternVL.builder(folder)
                .precision(Precision.FLOAT32)
                .device("cpu")
                .load();
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @Test
    void comesApartFromTheTextAndStaysOutOfTheHistory() {
        ChatResponse response = model.chat(request(ANSWER, true).build());

        assertThat(response.thinking()).isEqualTo("one, two");
        assertThat(response.text()).isEqualTo("three");
        assertThat(response.history().get(0).answer()).isEqualTo("three");
    }

    @Test
    void isTextWithoutBeingAskedFor() {
        ChatResponse response = model.chat(request(ANSWER, false).build());

        assertThat(response.thinking()).isEmpty();
        assertThat(response.text()).isEqualTo(ANSWER);
    }

    @Test
    void isAllThereIsOfAnAnswerThatEndsInIt() {
        ChatResponse response = model.chat(
                request("<think>one, two three", true).maxNewTokens(6).build());

        assertThat(response.finishReason()).isEqualTo(ChatResponse.FinishReason.LENGTH);
        assertThat(response.text()).isEmpty();
        assertThat(response.thinking()).startsWith("one");
    }

    @Test
    void isMarkedInPiecesOfAStreamAndLeftOutOfItsText() {
        List<ChatResponse.Piece> pieces = new ArrayList<>();
        try (ChatStream stream = model.stream(request(ANSWER, true).build())) {
            stream.pieces().forEach(pieces::add);
        }
        StringBuilder text = new StringBuilder();
        try (ChatStream stream = model.stream(request(ANSWER, true).build())) {
            stream.forEach(text::append);
        }

        assertThat(pieces).filteredOn(ChatResponse.Piece::thinking).hasSizeGreaterThan(1);
        assertThat(joined(pieces, true)).isEqualTo("one, two");
        assertThat(joined(pieces, false)).isEqualTo("three");
        assertThat(text).hasToString("three");
    }

    @Test
    void comesBeforeAFormatThatHoldsFromItsEnd() {
        ChatResponse response = model.chat(request("<think>one</think>", true)
                .format(OutputFormat.regex("[ab]{3}"))
                .build());

        assertThat(response.thinking()).isEqualTo("one");
        assertThat(response.text()).matches("[ab]{3}");
        assertThat(response.finishReason()).isEqualTo(ChatResponse.FinishReason.STOP);
    }

    /** The processor asks for tokens that spell the mark, as a model does that quotes it. */
    @Test
    void endsByItsTokenAloneBeforeAFormat() {
        int[] spelled = IntStream.concat(
                        tokens("<think>"), "</think>{}</think>".chars().flatMap(c -> tokens(Character.toString(c))))
                .toArray();
        ChatResponse response = model.chat(request(spelled, true)
                .format(OutputFormat.regex("[ab]{3}"))
                .maxNewTokens(spelled.length)
                .build());

        assertThat(response.thinking()).startsWith("</think").hasSizeGreaterThan(10);
        assertThat(response.text()).isEmpty();
        assertThat(response.finishReason()).isEqualTo(ChatResponse.FinishReason.LENGTH);
    }

    private static IntStream tokens(String text) {
        return Arrays.stream(model.tokenizer().encode(text));
    }

    @Test
    void needNotComeBeforeAFormat() {
        ChatResponse response = model.chat(
                request("ab", true).format(OutputFormat.regex("[ab]{3}")).build());

        assertThat(response.thinking()).isEmpty();
        assertThat(response.text()).matches("ab[ab]");
    }

    @Test
    void isRefusedBeforeAFormatWhereTheModelHasNoMarksOfIt() {
        try (InternVL other = InternVL.builder(TinyCheckpoint.qwen())
                .precision(Precision.FLOAT32)
                .device("cpu")
                .load()) {
            ChatRequest request = ChatRequest.builder()
                    .text("Why?")
                    .thinking(true)
                    .format(OutputFormat.json())
                    .build();

            assertThatThrownBy(() -> other.chat(request))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("needs the token <think>");
        }
    }

    @Test
    void isRefusedWhereItsMarksAreSpecialTokensAndLeftOutOfTexts(@TempDir Path special) throws IOException {
        TinyCheckpoint.copy(folder, special);
        TinyCheckpoint.edit(
                special.resolve("tokenizer_config.json"),
                text -> text.replaceAll("(\"</?think>\",[^}]*\"special\": )false", "$1true"));
        try (InternVL other = InternVL.builder(special)
                .precision(Precision.FLOAT32)
                .device("cpu")
                .load()) {
            ChatRequest request =
                    ChatRequest.builder().text("Why?").thinking(true).build();

            assertThatThrownBy(() -> other.chat(request))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("<think> is a special token of the model; set special to false");
        }
    }

    private static String joined(List<ChatResponse.Piece> pieces, boolean thinking) {
        return pieces.stream()
                .filter(piece -> piece.thinking() == thinking)
                .map(ChatResponse.Piece::text)
                .collect(Collectors.joining());
    }

    /** A request whose answer begins with a text, and ends there unless it has a format. */
    private static ChatRequest.Builder request(String answer, boolean thinking) {
        return request(model.tokenizer().encode(answer), thinking);
    }

    private static ChatRequest.Builder request(int[] begin, boolean thinking) {
        int end = model.tokenizer().id("<|im_end|>").orElseThrow();
        LogitsProcessor dictate = (generated, logits) -> {
            int at = generated.length;
            Arrays.fill(logits, 0);
            logits[at < begin.length ? begin[at] : end] = 1;
        };
        return ChatRequest.builder()
                .text("Why?")
                .thinking(thinking)
                .generation(GenerationConfig.builder()
                        .maxNewTokens(64)
                        .processors(dictate)
                        .build());
    }
}
