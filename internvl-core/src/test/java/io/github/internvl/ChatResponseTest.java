package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.ChatResponse.Timings;
import io.github.internvl.ChatResponse.Usage;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChatResponseTest {
    private static final ChatResponse.Box DOG = new ChatResponse.Box("a dog", 100, 250, 400, 900);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a dog[[100, 250, 400, 900]]",
                "a dog[[100,250,400,900]]",
                "a dog: [[ 100, 250,\n400, 900 ]].",
                "<ref>a dog</ref><box>[[100, 250, 400, 900]]</box>",
                "There it is: <ref> a dog </ref>\n<box> [[100, 250, 400, 900]] </box>",
                "There it is. a dog[[100, 250, 400, 900]]",
                "1. a dog[[100, 250, 400, 900]]",
                "- **a dog** [[100, 250, 400, 900]]",
                "在这里：a dog[[100, 250, 400, 900]]"
            })
    void findsABox(String text) {
        assertThat(boxes(text)).containsExactly(DOG);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "dogs[[1, 2, 3, 4], [5, 6, 7, 8]]                                            | dogs  | dogs",
                "<ref>dogs</ref><box>[[1, 2, 3, 4], [5, 6, 7, 8]]</box>                      | dogs  | dogs",
                "<ref>dogs</ref><box>[[1, 2, 3, 4]]</box><box>[[5, 6, 7, 8]]</box>           | dogs  | dogs",
                "a dog[[1, 2, 3, 4]], a cat[[5, 6, 7, 8]]                                    | a dog | a cat",
                "a dog[[1, 2, 3, 4]]a cat[[5, 6, 7, 8]]                                      | a dog | a cat",
                "<ref>a dog</ref><box>[[1, 2, 3, 4]]</box> <ref>a cat</ref>[[5, 6, 7, 8]]    | a dog | a cat",
                "A dog[[1, 2, 3, 4]] and a cat[[5, 6, 7, 8]] play.                           | A dog | and a cat",
                "图中的狗[[1, 2, 3, 4]]，猫[[5, 6, 7, 8]]。                                     | 图中的狗 | 猫",
                "[[1, 2, 3, 4], [5, 6, 7, 8]]                                                | ''    | ''"
            })
    void findsSeveralBoxes(String text, String first, String second) {
        assertThat(boxes(text))
                .containsExactly(new ChatResponse.Box(first, 1, 2, 3, 4), new ChatResponse.Box(second, 5, 6, 7, 8));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "No, I do not see a dog.",
                "a dog[100, 250, 400, 900]",
                "a dog[[100, 250, 400]]",
                "a dog[[100, 250, 400, 900, 7]]",
                "a dog[[0.1, 0.25, 0.4, 0.9]]",
                "a dog[[100, 250, 400, 1001]]",
                "a dog[[-1, 250, 400, 900]]",
                "a dog[[400, 250, 100, 900]]",
                "a dog[[100, 900, 400, 250]]",
                "a dog[[100, 250, 400, 99999999999999999999]]",
                "a dog[[100, 250, 400",
                "a dog[[[[]]]][[]][",
                "</ref>a dog<ref></box>[[<box>"
            })
    void passesOverWhatIsNoBox(String text) {
        assertThat(boxes(text)).isEmpty();
    }

    @Test
    void keepsTheBoxesBesideWhatIsNone() {
        assertThat(boxes("x[[1, 2, 3]] a dog[[100, 250, 400, 900], [9, 9, 1, 1], [none], [5, 6, 7"))
                .containsExactly(DOG);
    }

    @Test
    void readsAVeryLongAnswer() {
        String many = "dogs[" + "[1, 2, 3, 4], ".repeat(100_000) + "[1, 2, 3, 4]]";
        assertThat(boxes(many)).hasSize(100_001);
        assertThat(boxes("[ ".repeat(20_000))).isEmpty();
    }

    private static List<ChatResponse.Box> boxes(String text) {
        Timings timings = new Timings(Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO);
        return new ChatResponse(
                        text,
                        "",
                        FinishReason.STOP,
                        new Usage(1, 0, 1, 0, 0, 0, 0),
                        timings,
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of())
                .boxes();
    }
}
