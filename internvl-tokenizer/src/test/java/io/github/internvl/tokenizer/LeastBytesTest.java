package io.github.internvl.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.text.Normalizer.Form;
import org.junit.jupiter.api.Test;

class LeastBytesTest {

    @Test
    void neverExceedsWhatNfcLeavesOfACharacter() {
        for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
            if (Character.getType(c) == Character.SURROGATE) {
                continue;
            }
            String text = Character.toString(c);
            String composed = Normalizer.normalize(text, Form.NFC);
            int least = Math.min(utf8(composed), utf8(text));
            assertThat(LeastBytes.all(text)).as("U+%04X", c).isLessThanOrEqualTo(least);
            assertThat(LeastBytes.all(Normalizer.normalize(text, Form.NFD)))
                    .as("U+%04X, decomposed", c)
                    .isLessThanOrEqualTo(least);
        }
    }

    private static int utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    @Test
    void countsPlainTextInFull() {
        assertThat(LeastBytes.all("a b\n<|im_end|>")).isEqualTo(14);
        assertThat(LeastBytes.withoutSpaces("a  b ")).isEqualTo(2);
        assertThat(LeastBytes.all("e\u0301".repeat(300))).isEqualTo(300);
    }
}
