package io.github.internvl.tokenizer;

import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** SentencePiece's treatment of spaces, between special tokens, as the model file asks for it. Immutable. */
final class SpaceEscaper {
    static final char ESCAPED = '\u2581';

    private static final Pattern SPACES = Pattern.compile(" {2,}");

    private final SentencePieceModel model;
    private final Map<String, String> overlaid;
    private final Pattern specialToken;

    /** @param overlaid user-defined pieces by the names that special tokens have given them */
    SpaceEscaper(SentencePieceModel model, List<AddedToken> added, Map<String, String> overlaid) {
        this.model = model;
        this.overlaid = overlaid;
        specialToken = LlamaSpaces.anyOf(added);
    }

    String escape(String text) {
        String escaped = model.addsDummyPrefix() || model.removesExtraSpaces() ? piecewise(text) : text;
        escaped = escaped.replace(' ', ESCAPED);
        for (Map.Entry<String, String> name : overlaid.entrySet()) {
            escaped = escaped.replace(name.getKey(), name.getValue());
        }
        return escaped;
    }

    private String piecewise(String text) {
        StringBuilder result = new StringBuilder(text.length() + 16);
        Matcher token = specialToken.matcher(text);
        int from = 0;
        while (token.find()) {
            segment(text.substring(from, token.start()), result);
            result.append(token.group());
            from = token.end();
        }
        segment(text.substring(from), result);
        return result.toString();
    }

    private void segment(String text, StringBuilder result) {
        String kept = text;
        if (model.removesExtraSpaces()) {
            kept = SPACES.matcher(text).replaceAll(" ");
            int end = kept.length();
            while (end > 0 && (kept.charAt(end - 1) == ' ' || kept.charAt(end - 1) == ESCAPED)) {
                end--;
            }
            kept = kept.substring(end > 0 && kept.startsWith(" ") ? 1 : 0, end);
        }
        if (!kept.isEmpty() && model.addsDummyPrefix()) {
            result.append(' ');
        }
        result.append(kept);
    }
}
