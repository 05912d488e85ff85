package io.github.internvl.tokenizer;

import java.util.Set;

/**
 * The clean-up of spaces of transformers' {@code clean_up_tokenization} over text that arrives in pieces: {@code " ."}, {@code " ?"},
 * {@code " !"} and {@code " ,"} lose the space, then {@code " ' "} becomes {@code "'"}, then {@code " n't"}, {@code " 'm"},
 * {@code " 's"}, {@code " 've"} and {@code " 're"} lose theirs.
 *
 * <p>The reference replaces one pattern after the other in the whole text. Two stages over a stream of characters do the same:
 * each pattern begins with a space and the first four cannot make new matches for one another, nor can the last five. The fifth
 * needs both of its spaces, so it waits for one more character, which must not have taken the second. Only the end of the text
 * that a later character can still change is held back. Not thread-safe.
 */
final class SpaceCleanUp {
    private static final Set<String> CONTRACTIONS = Set.of(" n't", " 'm", " 's", " 've", " 're");
    private static final String QUOTE = " ' ";

    private int quote; // how much of QUOTE the first stage holds
    private final StringBuilder contraction = new StringBuilder(); // the beginning of one, held by the second stage

    void append(CharSequence text, StringBuilder to) {
        for (int i = 0; i < text.length(); i++) {
            first(text.charAt(i), to);
        }
        boolean lost =
                quote > 0 && contraction.length() > 1 && !contraction.toString().equals(" n");
        if (lost) { // what follows is a space, a mark or a quote: none of them goes on with this contraction
            release(to);
        }
    }

    void finish(StringBuilder to) {
        String rest = quote == 3 ? "'" : QUOTE.substring(0, quote);
        quote = 0;
        rest.chars().forEach(c -> second((char) c, to));
        release(to);
    }

    private void first(char c, StringBuilder to) {
        boolean mark = c == '.' || c == '?' || c == '!' || c == ',';
        if (quote < 3 && c == QUOTE.charAt(quote)) {
            quote++;
            return;
        }
        String held = QUOTE.substring(0, quote);
        quote = 0;
        if (held.equals(QUOTE) && !mark) {
            second('\'', to);
            first(c, to);
            return;
        }
        boolean takesSpace = mark && held.endsWith(" ");
        for (int i = 0; i < held.length() - (takesSpace ? 1 : 0); i++) {
            second(held.charAt(i), to);
        }
        if (c == ' ') {
            quote = 1;
        } else {
            second(c, to);
        }
    }

    private void second(char c, StringBuilder to) {
        if (contraction.isEmpty() && c != ' ') {
            to.append(c);
            return;
        }
        contraction.append(c);
        String text = contraction.toString();
        if (CONTRACTIONS.contains(text)) {
            to.append(text, 1, text.length());
            contraction.setLength(0);
        } else if (CONTRACTIONS.stream().noneMatch(each -> each.startsWith(text))) {
            contraction.setLength(text.length() - 1);
            release(to);
            if (c == ' ') {
                contraction.append(c);
            } else {
                to.append(c);
            }
        }
    }

    private void release(StringBuilder to) {
        to.append(contraction);
        contraction.setLength(0);
    }
}
