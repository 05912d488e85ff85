package io.github.internvl.server;

import io.github.internvl.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The texts that a prompt is built with, and that nobody may smuggle into it: {@code <|im_end|>} in a question would end it, and
 * what follows would pass for somebody else's words. They get a space after their first character, which leaves them readable
 * and makes ordinary text of them. Those of grounding stay: questions hold them. Immutable.
 */
final class SpecialTexts {
    private static final List<String> GROUNDING = List.of("<ref>", "</ref>", "<box>", "</box>", "<quad>", "</quad>");
    private static final String IMAGE_TAG = "<image>";

    private final Pattern special;
    private final Pattern specialOrTag;

    SpecialTexts(Tokenizer tokenizer) {
        List<String> texts = IntStream.range(0, tokenizer.size())
                .filter(tokenizer::isSpecial)
                .mapToObj(id -> tokenizer.decode(new int[] {id}, false).strip())
                .filter(text -> text.length() > 1 && !GROUNDING.contains(text))
                .toList();
        special = anyOf(texts);
        specialOrTag = anyOf(IntStream.rangeClosed(0, texts.size())
                .mapToObj(i -> i == texts.size() ? IMAGE_TAG : texts.get(i))
                .toList());
    }

    private static Pattern anyOf(List<String> texts) {
        return Pattern.compile(texts.stream()
                .sorted((one, other) -> other.length() - one.length())
                .map(text ->
                        "(?<=" + Pattern.quote(text.substring(0, 1)) + ")(?=" + Pattern.quote(text.substring(1)) + ")")
                .collect(Collectors.joining("|")));
    }

    /** A text in which only {@code <image>} tags are more than text. */
    String plain(String text) {
        return special.matcher(text).replaceAll(" ");
    }

    /** A text in which nothing is more than text. */
    String plainWithoutTags(String text) {
        return specialOrTag.matcher(text).replaceAll(" ");
    }

    /** Texts of a list, each with nothing in it that is more than text. */
    String[] plainWithoutTags(String[] texts) {
        return Arrays.stream(texts).map(this::plainWithoutTags).toArray(String[]::new);
    }
}
