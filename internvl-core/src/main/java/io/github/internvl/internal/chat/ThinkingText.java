package io.github.internvl.internal.chat;

import io.github.internvl.ChatResponse.Piece;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Divides an answer, as it grows, into thinking and text. Thinking stands between its two marks at the beginning, stripped of
 * white space at both ends; all after it is text. Not thread-safe.
 */
final class ThinkingText {
    static final String START = "<think>";
    static final String END = "</think>";

    private enum Place {
        BEFORE,
        THINKING,
        GAP,
        TEXT
    }

    private final boolean strips;
    private final StringBuilder held = new StringBuilder(); // what later text may still change
    private Place place;
    private boolean thought; // whether any thinking was given

    /**
     * Starts an answer.
     *
     * @param apart whether there may be thinking; without it everything is text
     * @param strips whether white space around the marks is dropped, as around an answer without a format
     */
    ThinkingText(boolean apart, boolean strips) {
        this.place = apart ? Place.BEFORE : Place.TEXT;
        this.strips = strips;
    }

    /** All pieces of a whole answer. */
    static List<Piece> of(String answer, boolean apart, boolean strips) {
        ThinkingText parts = new ThinkingText(apart, strips);
        List<Piece> pieces = parts.add(answer);
        pieces.addAll(parts.finish());
        return pieces;
    }

    /** The thinking, or the text, of some pieces. */
    static String joined(List<Piece> pieces, boolean thinking) {
        return pieces.stream()
                .filter(piece -> piece.thinking() == thinking)
                .map(Piece::text)
                .collect(Collectors.joining());
    }

    /** Adds the next text of the answer; returns what is certain now, often nothing. */
    List<Piece> add(String next) {
        List<Piece> pieces = new ArrayList<>();
        held.append(next);
        if (place == Place.BEFORE) {
            begin();
        }
        if (place == Place.THINKING) {
            think(pieces);
        }
        if (place == Place.GAP) {
            held.delete(0, strips ? spaces() : 0);
            place = held.isEmpty() ? Place.GAP : Place.TEXT;
        }
        if (place == Place.TEXT) {
            give(held.length(), false, pieces);
        }
        return pieces;
    }

    /** Ends the answer; returns the rest of it. */
    List<Piece> finish() {
        List<Piece> pieces = new ArrayList<>();
        boolean thinking = place == Place.THINKING;
        give(thinking ? lastWord(held.length()) : held.length(), thinking, pieces);
        held.setLength(0);
        return pieces;
    }

    private void begin() {
        if (held.length() >= START.length()) {
            boolean thinks = held.indexOf(START) == 0;
            held.delete(0, thinks ? START.length() : 0);
            place = thinks ? Place.THINKING : Place.TEXT;
        } else if (!START.startsWith(held.toString())) {
            place = Place.TEXT;
        }
    }

    private void think(List<Piece> pieces) {
        if (!thought) {
            held.delete(0, spaces());
        }
        int end = held.indexOf(END);
        int certain = end < 0 ? held.length() - possible() : end;
        int given = lastWord(certain);
        give(given, true, pieces);
        if (end >= 0) {
            held.delete(0, end - given + END.length());
            place = Place.GAP;
        }
    }

    /** Moves the first characters out of what is held. */
    private void give(int count, boolean thinking, List<Piece> pieces) {
        if (count > 0) {
            pieces.add(new Piece(held.substring(0, count), thinking));
            held.delete(0, count);
            thought |= thinking;
        }
    }

    /** Length of the longest end of the held text that the mark of the end begins with. */
    private int possible() {
        int length = Math.min(END.length() - 1, held.length());
        while (!END.startsWith(held.substring(held.length() - length))) {
            length--;
        }
        return length;
    }

    private int spaces() {
        int count = 0;
        while (count < held.length() && isSpace(held.charAt(count))) {
            count++;
        }
        return count;
    }

    /** The end of the last word before a place: white space behind it may be the last. */
    private int lastWord(int before) {
        int end = before;
        while (end > 0 && isSpace(held.charAt(end - 1))) {
            end--;
        }
        return end;
    }

    private static boolean isSpace(char c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
    }
}
