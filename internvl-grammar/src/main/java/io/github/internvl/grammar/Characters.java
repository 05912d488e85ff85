package io.github.internvl.grammar;

import java.util.BitSet;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** The sets of characters that regular expressions name, as narrow as dialects differ: what is in a set is in it for all. */
final class Characters {
    private static final Map<String, BitSet> KNOWN = new ConcurrentHashMap<>(); // those with names; not to be changed

    private Characters() {}

    /** The set of {@code \d}, {@code \w}, {@code \s} or their opposites, not to be changed; null for another letter. */
    static @Nullable BitSet named(int letter) {
        return "dwsDWS".indexOf(letter) < 0
                ? null
                : KNOWN.computeIfAbsent(Character.toString(letter), name -> made(name.charAt(0)));
    }

    private static BitSet made(char letter) {
        return switch (letter) {
            case 'd' -> of("0123456789");
            case 'w' -> matching(c -> c < 128 && (Character.isLetterOrDigit(c) || c == '_'));
            case 's' -> of(" \t\n\u000B\f\r");
            case 'D' -> without(matching(Character::isDigit));
            case 'W' -> without(matching(c -> Character.isLetterOrDigit(c) || c == '_' || isMark(c)));
            default -> without(matching(Characters::isSpace));
        };
    }

    /** The set of {@code \p{name}}: a general category such as {@code Lu}, or the first letter of one; null for another. Not to be changed. */
    static @Nullable BitSet category(String name) {
        IntPredicate member = switch (name) {
            case "L", "Letter" -> Character::isLetter;
            case "Lu", "Uppercase_Letter" -> c -> Character.getType(c) == Character.UPPERCASE_LETTER;
            case "Ll", "Lowercase_Letter" -> c -> Character.getType(c) == Character.LOWERCASE_LETTER;
            case "N", "Number" ->
                c -> Character.isDigit(c)
                        || Character.getType(c) == Character.LETTER_NUMBER
                        || Character.getType(c) == Character.OTHER_NUMBER;
            case "Nd", "Decimal_Number" -> Character::isDigit;
            default -> null;
        };
        return member == null ? null : KNOWN.computeIfAbsent("p" + name, any -> matching(member));
    }

    /** The set of a dot: all characters but ends of lines. Not to be changed. */
    static BitSet dot() {
        return KNOWN.computeIfAbsent(".", any -> without(of("\n\r\u0085\u2028\u2029")));
    }

    /** Some characters. */
    static BitSet of(String characters) {
        BitSet set = new BitSet();
        characters.codePoints().forEach(set::set);
        return set;
    }

    /** All characters but some. */
    static BitSet without(BitSet some) {
        BitSet others = Utf8.all();
        others.andNot(some);
        return others;
    }

    private static BitSet matching(IntPredicate member) {
        BitSet set = Utf8.all();
        Utf8.all().stream().filter(member.negate()).forEach(set::clear);
        return set;
    }

    private static boolean isMark(int c) {
        int type = Character.getType(c);
        return type == Character.NON_SPACING_MARK
                || type == Character.COMBINING_SPACING_MARK
                || type == Character.ENCLOSING_MARK
                || type == Character.CONNECTOR_PUNCTUATION
                || type == Character.LETTER_NUMBER;
    }

    private static boolean isSpace(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85 || c == 0xFEFF;
    }

    /** A character for a message. */
    static String name(int c) {
        return c < ' ' || c == 0x7F ? String.format(Locale.ROOT, "U+%04X", c) : Character.toString(c);
    }
}
