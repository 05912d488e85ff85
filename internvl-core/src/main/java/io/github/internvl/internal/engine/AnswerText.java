package io.github.internvl.internal.engine;

import io.github.internvl.GenerationConfig;
import io.github.internvl.tokenizer.Tokenizer;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The text of one answer as it grows: whole characters, cut at the first stop text or after it, and stripped at both ends as
 * Python's {@code strip} does unless it has a format. Text that is returned is final: the beginning of a possible stop text, and
 * white space that may turn out to be the last, are held back. Not thread-safe.
 */
final class AnswerText {
    private final Tokenizer.Decoder decoder;
    private final int
            tokens; // ids from here on stand for nothing: an embedding may have more rows than there are tokens
    private final List<String> stops;
    private final Set<String> included;
    private final boolean strips;
    private final StringBuilder held = new StringBuilder();
    private final StringBuilder given = new StringBuilder();
    private boolean stopped;

    /** Starts a text by generation settings, which ends at one of {@code stops}; those {@code included} are part of it. */
    AnswerText(Tokenizer tokenizer, GenerationConfig config, List<String> stops, Set<String> included) {
        this(
                config.format().isText() ? tokenizer.decoder(config.skipSpecialTokens()) : tokenizer.verbatimDecoder(),
                tokenizer.size(),
                stops,
                included,
                config.format().isText());
    }

    /** Starts a text that ends at one of {@code stops}; those {@code included} are part of it. */
    AnswerText(Tokenizer.Decoder decoder, int tokens, List<String> stops, Set<String> included, boolean strips) {
        this.strips = strips;
        this.decoder = decoder;
        this.tokens = tokens;
        this.stops = stops;
        this.included = included;
    }

    /** Adds the next token; returns the text that is final now, often empty. */
    String add(int id) {
        return advance(decoded(id), stops, false);
    }

    /** Adds the next token, whose text cannot complete a stop text. */
    String addUnstopped(int id) {
        return advance(decoded(id), List.of(), false);
    }

    private String decoded(int id) {
        return id < tokens ? decoder.add(id) : "";
    }

    /** Ends the answer; returns the last of its text. */
    String finish() {
        return stopped ? "" : advance(decoder.finish(), stops, true);
    }

    /** Whether a stop text came: the answer is complete. */
    boolean isStopped() {
        return stopped;
    }

    /** All final text. */
    String text() {
        return given.toString();
    }

    private String advance(String piece, List<String> watched, boolean last) {
        held.append(piece);
        String stop = earliest(watched);
        stopped = stop != null;
        boolean whole = stop != null && included.contains(stop);
        int end = last ? held.length() : held.length() - possible(watched);
        if (stop != null) {
            end = held.indexOf(stop) + (whole ? stop.length() : 0);
        }
        int from = 0;
        while (strips && given.length() == 0 && from < end && isSpace(held.charAt(from))) {
            from++;
        }
        while (strips && end > from && !whole && isSpace(held.charAt(end - 1))) {
            end--;
        }
        String text = held.substring(from, end);
        held.delete(0, end);
        given.append(text);
        return text;
    }

    /** The stop text that comes first; null if none does. */
    private @Nullable String earliest(List<String> watched) {
        String earliest = null;
        for (String stop : watched) {
            int at = held.indexOf(stop);
            if (at >= 0 && (earliest == null || at < held.indexOf(earliest))) {
                earliest = stop;
            }
        }
        return earliest;
    }

    /** Length of the longest end of the held text that begins a stop text. */
    private int possible(List<String> watched) {
        int longest = 0;
        for (String stop : watched) {
            for (int length = Math.min(stop.length() - 1, held.length()); length > longest; length--) {
                if (held.indexOf(stop.substring(0, length), held.length() - length) >= 0) {
                    longest = length;
                }
            }
        }
        return longest;
    }

    /** White space as Python's {@code str.isspace} defines it. */
    private static boolean isSpace(char c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
    }
}
