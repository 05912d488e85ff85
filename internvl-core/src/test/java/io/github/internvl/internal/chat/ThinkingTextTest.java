package io.github.internvl.internal.chat;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.ChatResponse.Piece;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ThinkingTextTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`<think>a b</think>c` | `a b` | `c`",
                "`<think>\n a \n b \n</think>\n\n c d` | `a \n b` | `c d`",
                "`<think></think>c` | `` | `c`",
                "`<think>a < / b</thin k></think>` | `a < / b</thin k>` | ``",
                "`<think>a b </thi` | `a b </thi` | ``",
                "`<think> ` | `` | ``",
                "`<thin` | `` | `<thin`",
                "`a <think>b</think>` | `` | `a <think>b</think>`",
                "`<think>a</think>b</think>c` | `a` | `b</think>c`",
                "`` | `` | ``",
            })
    void dividesAnAnswerHoweverItArrives(String answer, String thinking, String text) {
        String whole = answer.translateEscapes();
        for (int step = 1; step <= whole.length() + 1; step++) {
            List<Piece> pieces = inSteps(whole, step, new ThinkingText(true, true));

            assertThat(ThinkingText.joined(pieces, true)).isEqualTo(thinking.translateEscapes());
            assertThat(ThinkingText.joined(pieces, false)).isEqualTo(text);
        }
        assertThat(inSteps(whole, 1, new ThinkingText(false, true))).noneMatch(Piece::thinking);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {"`<think>a </think> b` | `a` | ` b`", "` <think>` | `` | ` <think>`"})
    void keepsWhiteSpaceOfAFormat(String answer, String thinking, String text) {
        List<Piece> pieces = inSteps(answer, 1, new ThinkingText(true, false));

        assertThat(ThinkingText.joined(pieces, true)).isEqualTo(thinking);
        assertThat(ThinkingText.joined(pieces, false)).isEqualTo(text);
    }

    private static List<Piece> inSteps(String whole, int step, ThinkingText parts) {
        List<Piece> pieces = new ArrayList<>();
        for (int i = 0; i < whole.length(); i += step) {
            pieces.addAll(parts.add(whole.substring(i, Math.min(i + step, whole.length()))));
        }
        pieces.addAll(parts.finish());
        return pieces;
    }
}
