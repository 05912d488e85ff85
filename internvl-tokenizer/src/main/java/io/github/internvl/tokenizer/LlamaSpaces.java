package io.github.internvl.tokenizer;

import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The spaces of transformers' slow Llama tokenizer without its legacy: one in front of the whole text, none behind added
 * tokens. White space behind some of these tokens vanishes. Immutable.
 */
final class LlamaSpaces {
    private final Pattern added;
    private final Set<String> first = new HashSet<>();
    private final Collection<String> stripping;

    /** @param stripping the added tokens that take the white space on their right with them ({@code rstrip}) */
    LlamaSpaces(List<AddedToken> tokens, Collection<String> stripping) {
        this.stripping = stripping;
        added = anyOf(tokens);
        tokens.stream().filter(AddedToken::skipped).map(AddedToken::content).forEach(first::add);
    }

    /** An expression for all tokens, the longer first. */
    static Pattern anyOf(List<AddedToken> tokens) {
        return Pattern.compile(tokens.stream()
                .map(AddedToken::content)
                .sorted(Comparator.comparing(String::length).reversed())
                .map(Pattern::quote)
                .reduce((one, other) -> one + "|" + other)
                .orElse("(?!)"));
    }

    /** The text with U+2581 for spaces. */
    String escape(String text) {
        Matcher token = added.matcher(text);
        boolean bare = text.isEmpty() || (token.lookingAt() && first.contains(token.group()));
        token.reset();
        StringBuilder result = new StringBuilder(text.length() + 16).append(bare ? "" : " ");
        int from = 0;
        while (token.find()) {
            result.append(text, Math.min(from, token.start()), token.end());
            from = token.end();
            while (stripping.contains(token.group()) && from < text.length() && isSpace(text.charAt(from))) {
                from++;
            }
        }
        return result.append(text, from, text.length()).toString().replace(' ', SpaceEscaper.ESCAPED);
    }

    /** White space as Python's {@code str.isspace} defines it. */
    private static boolean isSpace(char c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
    }
}
