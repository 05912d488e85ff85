package io.github.internvl.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class LongTextTest {
    private static final List<String> SNIPPETS = List.of(
            "word",
            "It's",
            "we'LL",
            "x",
            " ",
            " ",
            " ",
            "  ",
            "\n",
            "\r\n",
            "\t",
            "1234",
            "e\u0301",
            "\u00fc",
            "\u0301",
            "'",
            "'s",
            "don't go",
            "a b c",
            "...",
            ".\n",
            "\u56fe\u50cf ",
            "\u3000",
            "\u00a0",
            "<|im_end|>",
            "<img>",
            "<",
            "|",
            "\ud83d\ude42",
            "#");

    private static String text(Random random, int snippets) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < snippets; i++) {
            text.append(SNIPPETS.get(random.nextInt(SNIPPETS.size())));
        }
        return ByteLevelFiles.compose(text.toString());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 400})
    void givesTheIdsOfTheWholeWhereverItIsCut(int fewest) {
        Random random = new Random(fewest);
        try (NativeTokenizer encoder = new NativeTokenizer(ByteLevelFiles.read(Family.QWEN2.folder()))) {
            for (int i = 0; i < 60; i++) {
                String text = text(random, 400);
                assertThat(LongText.encode(encoder, text, true, fewest, () -> {}))
                        .as(text)
                        .isEqualTo(encoder.encode(text, true));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Family.class)
    void givesNoTextFewerTokensThanItsLeast(Family family) {
        Random random = new Random(3);
        try (Tokenizer tokenizer = family.load()) {
            for (int i = 0; i < 60; i++) {
                String text = text(random, 400);
                assertThat(tokenizer.leastTokens(text))
                        .as(text)
                        .isLessThanOrEqualTo(tokenizer.encode(text, false).length);
            }
            boolean known = family != Family.INTERNLM2_FAST; // whose normalizer could be anything
            assertThat(tokenizer.leastTokens("word".repeat(100_000)) > 1000).isEqualTo(known);
        }
    }

    @ParameterizedTest
    @EnumSource(Family.class)
    void asksBeforeEachPartAndStopsWhenThatThrows(Family family) {
        String text = "many words ".repeat(4 * LongText.PART / 11);
        try (Tokenizer tokenizer = family.load()) {
            AtomicInteger asked = new AtomicInteger();
            int[] ids = tokenizer.encode(text, true, asked::incrementAndGet);

            assertThat(ids).isEqualTo(tokenizer.encode(text));
            boolean cut = family == Family.QWEN2 || family == Family.QWEN2_FAST;
            assertThat(asked).hasValue(cut ? 4 : 1);
            assertThatThrownBy(() -> tokenizer.encode(text, true, () -> {
                        throw new CancellationException("enough");
                    }))
                    .isInstanceOf(CancellationException.class);
        }
    }

    @Test
    void cutsTheTextsOfATokenizerThatSplitsWords() {
        assertThat(ByteLevelFiles.read(Family.QWEN2.folder()).words()).isTrue();
        assertThat(TokenizerJsonFile.read(Family.QWEN2_FAST.folder()).words()).isTrue();
        assertThat(SentencePieceFiles.read(Family.INTERNLM2.folder()).words()).isFalse();
        assertThat(LongText.canBeCut(List.of(new AddedToken(9, "<end of turn>", true))))
                .isFalse();
    }

    @Test
    void encodesATextOfManyPartsAsItsPieces() {
        String line = "A line of words.\n";
        try (Tokenizer tokenizer = Family.QWEN2.load()) {
            int[] one = tokenizer.encode(line);
            int[] all = tokenizer.encode(line.repeat(10_000));
            assertThat(all).hasSize(one.length * 10_000).startsWith(one).endsWith(one);
        }
    }
}
