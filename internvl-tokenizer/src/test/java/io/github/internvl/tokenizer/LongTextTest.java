package io.github.internvl.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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
