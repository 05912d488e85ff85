package io.github.internvl.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class DecoderTest {
    @ParameterizedTest
    @EnumSource
    void addsUpToTheWholeText(Family family) {
        Random random = new Random(11);
        try (Tokenizer tokenizer = family.load()) {
            for (int i = 0; i < 2000; i++) {
                int[] ids = random.ints(random.nextInt(30), 0, tokenizer.size()).toArray();
                boolean skip = random.nextBoolean();
                assertThat(streamed(tokenizer.decoder(skip), ids)).isEqualTo(tokenizer.decode(ids, skip));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void addsUpToTheReferencesText(Family family) {
        try (Tokenizer tokenizer = family.load()) {
            for (Family.Encoded row : family.goldens().encode()) {
                assertThat(streamed(tokenizer.decoder(true), row.ids())).isEqualTo(row.decoded_skip_special());
                assertThat(streamed(tokenizer.decoder(false), row.ids())).isEqualTo(row.decoded());
            }
        }
    }

    /** The bytes of tokens, one after the other, and nothing else. */
    @ParameterizedTest
    @EnumSource
    void writesVerbatimWhatTheTokensAre(Family family) {
        Random random = new Random(7);
        try (Tokenizer tokenizer = family.load()) {
            for (int i = 0; i < 500; i++) {
                int[] ids = random.ints(random.nextInt(30), 0, tokenizer.size()).toArray();
                ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                Arrays.stream(ids).forEach(id -> bytes.writeBytes(tokenizer.bytes(id)));
                assertThat(whole(streamed(tokenizer.verbatimDecoder(), ids)))
                        .isEqualTo(whole(bytes.toString(StandardCharsets.UTF_8)));
            }
            assertThat(tokenizer.bytes(tokenizer.id("<|im_end|>").orElseThrow()))
                    .isEmpty();
            assertThat(tokenizer.bytes(tokenizer.size())).isEmpty();
            int[] spaced = tokenizer.encode("a , b . it 's", false);
            assertThat(streamed(tokenizer.verbatimDecoder(), spaced)).endsWith("a , b . it 's");
        }
    }

    /** How many marks stand for bytes that are no character, decoders see differently. */
    private static String whole(String text) {
        return text.replaceAll("\uFFFD+", "\uFFFD");
    }

    private static String streamed(Tokenizer.Decoder decoder, int[] ids) {
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
            text.append(decoder.add(id));
        }
        return text.append(decoder.finish()).toString();
    }

    @ParameterizedTest
    @EnumSource
    void keepsSplitCharactersUntilComplete(Family family) {
        try (Tokenizer tokenizer = family.load()) {
            int[] ids = tokenizer.encode("😀", false);
            Tokenizer.Decoder decoder = tokenizer.decoder(true);
            StringBuilder shown = new StringBuilder();
            for (int i = 0; i < ids.length - 1; i++) {
                shown.append(decoder.add(ids[i]));
            }
            assertThat(ids).hasSizeGreaterThan(1);
            assertThat(shown).isBlank(); // the model with a dummy prefix shows none, the others have none
            assertThat(decoder.add(ids[ids.length - 1])).isEqualTo("😀");
            assertThat(decoder.finish()).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({"QWEN2, \uFFFD", "INTERNLM2, \uFFFD\uFFFD"})
    void replacesACharacterThatIsNeverCompleted(Family family, String replacement) {
        try (Tokenizer tokenizer = family.load()) {
            int[] ids = tokenizer.encode("😀", false);
            Tokenizer.Decoder decoder = tokenizer.decoder(true);
            assertThat(decoder.add(ids[0]) + decoder.add(ids[1])).isEmpty();
            assertThat(decoder.finish()).isEqualTo(replacement);
        }
    }

    @Test
    void joinsACharacterAcrossASkippedToken() {
        try (Tokenizer tokenizer = Family.QWEN2.load()) {
            int[] ids = tokenizer.encode("é", false);
            Tokenizer.Decoder decoder = tokenizer.decoder(true);
            String text =
                    decoder.add(ids[0]) + decoder.add(tokenizer.id("<|im_end|>").orElseThrow());
            assertThat(text).isEmpty();
            assertThat(decoder.add(ids[1])).isEqualTo("é");
        }
    }

    @Test
    void holdsBackASpaceThatAFullStopWouldTakeAway() {
        try (Tokenizer tokenizer = Family.INTERNLM2.load()) {
            Tokenizer.Decoder decoder = tokenizer.decoder(true);
            int space = tokenizer.id("▁").orElseThrow();
            int stop = tokenizer.id(".").orElseThrow();
            int a = tokenizer.id("a").orElseThrow();
            assertThat(decoder.add(a)).isEqualTo("a");
            assertThat(decoder.add(space)).isEmpty();
            assertThat(decoder.add(stop)).isEqualTo(".");
            assertThat(decoder.add(space)).isEmpty();
            assertThat(decoder.add(a)).isEqualTo(" a");
            assertThat(decoder.add(space)).isEmpty();
            assertThat(decoder.finish()).isEqualTo(" ");
        }
    }

    @Test
    void showsSpacesAtOnceWhereNothingCleansThemUp() {
        try (Tokenizer tokenizer = Family.QWEN2.load()) {
            assertThat(tokenizer.decoder(true).add(tokenizer.encode(" ", false)[0]))
                    .isEqualTo(" ");
        }
    }

    @ParameterizedTest
    @EnumSource
    void startsOverAfterTheEnd(Family family) {
        try (Tokenizer tokenizer = family.load()) {
            int[] ids = tokenizer.encode("<img> a <|im_end|> b", false);
            Tokenizer.Decoder decoder = tokenizer.decoder(false);
            assertThat(streamed(decoder, ids)).isEqualTo(streamed(decoder, ids));
        }
    }

    @Test
    void staysAsItWasWhenAnIdIsRefused() {
        try (Tokenizer tokenizer = Family.QWEN2.load()) {
            int[] ids = tokenizer.encode("é", false);
            Tokenizer.Decoder decoder = tokenizer.decoder(true);
            decoder.add(ids[0]);
            assertThatThrownBy(() -> decoder.add(tokenizer.size())).isInstanceOf(IllegalArgumentException.class);
            assertThat(decoder.add(ids[1])).isEqualTo("é");
        }
    }
}
