package io.github.internvl;

import io.github.internvl.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Makes ordinary text of the tokens that a prompt is built with: {@code <|im_end|>} in a stranger's question would end it, and the
 * rest would pass for another speaker's words. Each gets a space after its first character, which leaves it readable. The tokens of
 * grounding stay, as questions hold them. Immutable.
 */
final class OrdinaryText {
    private static final List<String> GROUNDING = List.of("<ref>", "</ref>", "<box>", "</box>", "<quad>", "</quad>");
    private static final List<String> CALLS = List.of(ToolCall.START, ToolCall.END);

    private static final int LOOK = 1 << 16; // characters, before the caller is asked again

    private final List<String> special;
    private final List<String> specialOrCall;

    OrdinaryText(Tokenizer tokenizer) {
        List<String> texts = new ArrayList<>(IntStream.range(0, tokenizer.size())
                .filter(tokenizer::isSpecial)
                .mapToObj(id -> tokenizer.decode(new int[] {id}, false).strip())
                .filter(text -> text.length() > 1 && !GROUNDING.contains(text) && !CALLS.contains(text))
                .toList());
        special = List.copyOf(texts);
        CALLS.stream().filter(text -> tokenizer.id(text).isPresent()).forEach(texts::add);
        specialOrCall = List.copyOf(texts);
    }

    /**
     * The words of anybody but the model: no token of a prompt, and no mark of a call.
     *
     * @param check called now and then in a long text; what it throws ends the whole
     */
    String of(String words, Runnable check) {
        return spaced(words, specialOrCall, check);
    }

    /** A round whose question and answer are ordinary text; the marks of calls stay in the answer, which the model writes. */
    Turn of(Turn turn, Runnable check) {
        return new Turn(
                of(turn.question(), check), turn.images(), turn.maxTiles(), spaced(turn.answer(), special, check));
    }

    private static String spaced(String words, List<String> texts, Runnable check) {
        String starts =
                texts.stream().map(text -> text.substring(0, 1)).distinct().collect(Collectors.joining());
        StringBuilder spaced = null;
        int from = 0;
        for (int i = 0; i < words.length(); i++) {
            if (i % LOOK == 0) {
                check.run();
            }
            int at = i;
            if (starts.indexOf(words.charAt(i)) >= 0 && texts.stream().anyMatch(text -> words.startsWith(text, at))) {
                spaced = spaced == null ? new StringBuilder(words.length() + 1) : spaced;
                spaced.append(words, from, i + 1).append(' ');
                from = i + 1;
            }
        }
        return spaced == null
                ? words
                : spaced.append(words, from, words.length()).toString();
    }
}
