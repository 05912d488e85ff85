package io.github.internvl;

import io.github.internvl.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
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

    private final Pattern special;
    private final Pattern specialOrCall;

    OrdinaryText(Tokenizer tokenizer) {
        List<String> texts = new ArrayList<>(IntStream.range(0, tokenizer.size())
                .filter(tokenizer::isSpecial)
                .mapToObj(id -> tokenizer.decode(new int[] {id}, false).strip())
                .filter(text -> text.length() > 1 && !GROUNDING.contains(text) && !CALLS.contains(text))
                .toList());
        special = anyOf(texts);
        CALLS.stream().filter(text -> tokenizer.id(text).isPresent()).forEach(texts::add);
        specialOrCall = anyOf(texts);
    }

    private static Pattern anyOf(List<String> texts) {
        return Pattern.compile(texts.stream()
                .sorted((one, other) -> other.length() - one.length())
                .map(text ->
                        "(?<=" + Pattern.quote(text.substring(0, 1)) + ")(?=" + Pattern.quote(text.substring(1)) + ")")
                .collect(Collectors.joining("|", "", texts.isEmpty() ? "(?!)" : "")));
    }

    /** The words of anybody but the model: no token of a prompt, and no mark of a call. */
    String of(String words) {
        return specialOrCall.matcher(words).replaceAll(" ");
    }

    /** A round whose question and answer are ordinary text; the marks of calls stay in the answer, which the model writes. */
    Turn of(Turn turn) {
        return new Turn(
                of(turn.question()),
                turn.images(),
                turn.maxTiles(),
                special.matcher(turn.answer()).replaceAll(" "));
    }
}
