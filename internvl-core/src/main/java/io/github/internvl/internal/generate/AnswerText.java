package io.github.internvl.internal.generate;

import io.github.internvl.tokenizer.TextDecoder;
import java.util.List;

/**
 * The text of one answer as it grows: whole characters, cut at the first stop text, stripped at both ends as Python's
 * {@code strip} does. What is given out is final: the beginning of a possible stop text and white space that may turn out
 * to be the last are held back. Not thread-safe.
 */
final class AnswerText {
    private final TextDecoder decoder;
    private final List<String> stops;
    private final StringBuilder held = new StringBuilder();
    private final StringBuilder given = new StringBuilder();
    private boolean stopped;

    AnswerText(TextDecoder decoder, List<String> stops) {
        this.decoder = decoder;
        this.stops = stops;
    }

    /** Takes the next token; the text that is final by now, often empty. */
    String add(int id) {
        return advance(decoder.add(id), false);
    }

    /** Ends the answer; the last of its text. */
    String finish() {
        return stopped ? "" : advance(decoder.finish(), true);
    }

    /** Whether a stop text came: the answer is complete. */
    boolean isStopped() {
        return stopped;
    }

    /** All text given out. */
    String text() {
        return given.toString();
    }

    private String advance(String piece, boolean last) {
        held.append(piece);
        int end = earliestStop();
        stopped = end >= 0;
        if (end < 0) {
            end = last ? held.length() : held.length() - possibleStop();
        }
        int from = 0;
        while (given.length() == 0 && from < end && isSpace(held.charAt(from))) {
            from++;
        }
        while (end > from && isSpace(held.charAt(end - 1))) {
            end--;
        }
        String text = held.substring(from, end);
        held.delete(0, end);
        given.append(text);
        return text;
    }

    private int earliestStop() {
        int earliest = -1;
        for (String stop : stops) {
            int at = held.indexOf(stop);
            if (at >= 0 && (earliest < 0 || at < earliest)) {
                earliest = at;
            }
        }
        return earliest;
    }

    /** Length of the longest end of the held text that begins a stop text. */
    private int possibleStop() {
        int longest = 0;
        for (String stop : stops) {
            for (int length = Math.min(stop.length() - 1, held.length()); length > longest; length--) {
                if (held.indexOf(stop.substring(0, length), held.length() - length) >= 0) {
                    longest = length;
                }
            }
        }
        return longest;
    }

    /** What Python's {@code str.isspace} takes for white space. */
    private static boolean isSpace(char c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
    }
}
