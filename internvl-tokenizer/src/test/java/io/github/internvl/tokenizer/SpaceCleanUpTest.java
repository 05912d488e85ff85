package io.github.internvl.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SpaceCleanUpTest {
    /** The rule as transformers has it: one replacement after the other in the whole text. */
    private static String reference(String text) {
        return text.replace(" .", ".")
                .replace(" ?", "?")
                .replace(" !", "!")
                .replace(" ,", ",")
                .replace(" ' ", "'")
                .replace(" n't", "n't")
                .replace(" 'm", "'m")
                .replace(" 's", "'s")
                .replace(" 've", "'ve")
                .replace(" 're", "'re");
    }

    /** All texts of at most that many of the characters. */
    private static List<String> texts(String alphabet, int length) {
        List<String> texts = new ArrayList<>(List.of(""));
        int from = 0;
        for (int i = 0; i < length; i++) {
            int to = texts.size();
            for (String text : List.copyOf(texts.subList(from, to))) {
                alphabet.chars().forEach(c -> texts.add(text + (char) c));
            }
            from = to;
        }
        return texts;
    }

    private static String shown(SpaceCleanUp cleanUp, String text) {
        StringBuilder shown = new StringBuilder();
        cleanUp.append(text, shown);
        return shown.toString();
    }

    @Test
    void doesWhatTheReplacementsDo() {
        for (String text : texts(" '.,ntsver", 5)) {
            SpaceCleanUp cleanUp = new SpaceCleanUp();
            StringBuilder cleaned = new StringBuilder();
            cleanUp.append(text, cleaned);
            cleanUp.finish(cleaned);
            assertThat(cleaned).hasToString(reference(text));
        }
    }

    @Test
    void doesTheSameCharacterByCharacter() {
        for (String text : texts(" '.nts", 6)) {
            SpaceCleanUp cleanUp = new SpaceCleanUp();
            StringBuilder cleaned = new StringBuilder();
            text.chars().forEach(c -> cleanUp.append(Character.toString(c), cleaned));
            cleanUp.finish(cleaned);
            assertThat(cleaned).hasToString(reference(text));
        }
    }

    @Test
    void showsAllThatNoLaterTextCanChange() {
        List<String> endings = texts(" '.stx", 3);
        for (String text : texts(" '.ns", 5)) {
            String certain = reference(text);
            for (String ending : endings) {
                certain = commonBeginning(certain, reference(text + ending));
            }
            assertThat(shown(new SpaceCleanUp(), text)).as("of '%s'", text).isEqualTo(certain);
        }
    }

    private static String commonBeginning(String one, String other) {
        int length = 0;
        while (length < Math.min(one.length(), other.length()) && one.charAt(length) == other.charAt(length)) {
            length++;
        }
        return one.substring(0, length);
    }
}
