package io.github.internvl.grammar;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.Function;

/**
 * The parser of regular expressions: the common part of ECMA-262 and {@code java.util.regex}, without features that no automaton
 * has (back references, look-around, word boundaries). {@code ^} and {@code $} stand at the ends of the whole or of one of its
 * alternatives, and mean the ends of the text.
 */
final class RegexParser {
    private static final int END = -1;
    private static final int MOST_TIMES = 100_000;
    private static final int DEEPEST = 100;
    private static final int QUOTED = 200;

    private final Exprs exprs;
    private final Function<BitSet, Expr> alphabet;
    private final String where;
    private final String source;
    private final int[] points;
    private int at;
    private int depth;

    private RegexParser(Exprs exprs, Function<BitSet, Expr> alphabet, String where, String source) {
        this.exprs = exprs;
        this.alphabet = alphabet;
        this.where = where;
        this.source = source;
        this.points = source.codePoints().toArray();
    }

    /**
     * The texts that match an expression.
     *
     * @param alphabet how one character of a set is written
     * @param around what may stand before and after a match that is not held to the ends of the text
     * @param where what to call the expression in a message
     */
    static Expr parse(Exprs exprs, Function<BitSet, Expr> alphabet, Expr around, String where, String source) {
        return new RegexParser(exprs, alphabet, where, source).whole(around);
    }

    private Expr whole(Expr around) {
        List<Expr> ways = new ArrayList<>();
        do {
            boolean fromStart = take('^');
            Expr body = sequence();
            boolean toEnd = take('$');
            if (peek() != END && peek() != '|') {
                throw toEnd ? unsupported("$ must be at the end of an alternative") : refusal("a ) must close a (");
            }
            ways.add(exprs.sequence(fromStart ? exprs.empty : around, body, toEnd ? exprs.empty : around));
        } while (take('|'));
        return exprs.choice(ways);
    }

    private Expr alternatives() {
        if (++depth > DEEPEST) {
            throw unsupported("groups must not be nested deeper than " + DEEPEST);
        }
        List<Expr> ways = new ArrayList<>();
        do {
            ways.add(sequence());
        } while (take('|'));
        depth--;
        return exprs.choice(ways);
    }

    private Expr sequence() {
        List<Expr> parts = new ArrayList<>(List.of(exprs.empty));
        while (peek() != END && peek() != '|' && peek() != ')' && peek() != '$') {
            parts.add(repeated(atom()));
        }
        return exprs.sequence(parts.toArray(Expr[]::new));
    }

    private Expr repeated(Expr atom) {
        Expr expr = atom;
        while (true) {
            if (take('*')) {
                expr = exprs.any(expr);
            } else if (take('+')) {
                expr = exprs.repeat(expr, 1, Exprs.UNBOUNDED);
            } else if (take('?')) {
                expr = exprs.optional(expr);
            } else if (peek() == '{' && isCount()) {
                expr = counted(expr);
            } else {
                return expr;
            }
            take('?'); // a lazy one matches the same texts
            if (peek() == '+') {
                throw unsupported("possessive repetitions are not supported");
            }
        }
    }

    private boolean isCount() {
        int end = at + 1;
        while (end < points.length && (isDigit(points[end]) || points[end] == ',')) {
            end++;
        }
        return end > at + 1 && end < points.length && points[end] == '}' && points[at + 1] != ',';
    }

    private Expr counted(Expr expr) {
        at++;
        int min = number();
        int max = min;
        if (take(',')) {
            max = peek() == '}' ? Exprs.UNBOUNDED : number();
        }
        at++;
        if (max < min) {
            throw refusal("the most repetitions must not be below the fewest");
        }
        return exprs.repeat(expr, min, max);
    }

    private int number() {
        long number = 0;
        while (isDigit(peek())) {
            number = Math.min(10 * number + (next() - '0'), Integer.MAX_VALUE);
        }
        if (number > MOST_TIMES) {
            throw unsupported("repetitions must be at most " + MOST_TIMES);
        }
        return (int) number;
    }

    private Expr atom() {
        int c = next();
        return switch (c) {
            case '(' -> group();
            case '[' -> alphabet.apply(set());
            case '.' -> alphabet.apply(Characters.dot());
            case '\\' -> alphabet.apply(escaped(false));
            case '^' -> throw unsupported("^ must be at the beginning of an alternative");
            case '{' -> throw refusal("{ must begin a count such as {2,3}; write the character as \\{");
            case '*', '+', '?' -> throw refusal("there must be something before " + Characters.name(c));
            default -> alphabet.apply(one(c));
        };
    }

    private Expr group() {
        if (take('?')) {
            boolean named = take('<') && peek() != '=' && peek() != '!';
            while (named && !take('>')) {
                next();
            }
            if (!named && !take(':')) {
                throw unsupported("groups other than ( ), (?: ) and (?<name> ) are not supported");
            }
        }
        Expr content = alternatives();
        if (!take(')')) {
            throw peek() == '$' ? unsupported("$ must be outside of groups") : refusal("a ( must be closed by )");
        }
        return content;
    }

    private BitSet set() {
        boolean opposite = take('^');
        BitSet set = new BitSet();
        if (peek() == ']') {
            throw refusal("a set must hold something; write a ] in it as \\]");
        }
        while (peek() != ']') {
            if (peek() == '[' || startsWith("&&")) {
                throw unsupported("sets within sets are not supported; write a [ of the set as \\[");
            }
            int c = next();
            BitSet low = c == '\\' ? escaped(true) : one(c);
            if (peek() == '-' && at + 1 < points.length && points[at + 1] != ']') {
                at++;
                int d = next();
                BitSet high = d == '\\' ? escaped(true) : one(d);
                if (low.cardinality() != 1 || high.cardinality() != 1 || high.nextSetBit(0) < low.nextSetBit(0)) {
                    throw refusal("a range must go from a character to a later one");
                }
                set.set(low.nextSetBit(0), high.nextSetBit(0) + 1);
            } else {
                set.or(low);
            }
        }
        at++;
        set.clear(Character.MIN_SURROGATE, Character.MAX_SURROGATE + 1);
        return opposite ? Characters.without(set) : set;
    }

    /** The characters that an escape stands for. */
    private BitSet escaped(boolean inSet) {
        int c = next();
        BitSet named = Characters.named(c);
        if (named != null) {
            return named;
        }
        return switch (c) {
            case 't' -> one('\t');
            case 'n' -> one('\n');
            case 'r' -> one('\r');
            case 'f' -> one('\f');
            case 'v' -> one(0x0B);
            case '0' -> one(0);
            case 'x' -> one(hex(2));
            case 'u' -> one(unit());
            case 'p', 'P' -> category(c == 'P');
            default -> {
                if (c < 128 && Character.isLetterOrDigit(c)) {
                    boolean backspace = inSet && c == 'b';
                    throw unsupported(backspace ? "write a backspace as \\x08" : "\\" + (char) c + " is not supported");
                }
                yield one(c);
            }
        };
    }

    private BitSet category(boolean opposite) {
        StringBuilder name = new StringBuilder();
        if (take('{')) {
            while (!take('}')) {
                name.appendCodePoint(next());
            }
        } else {
            name.appendCodePoint(next());
        }
        BitSet set = Characters.category(name.toString());
        if (set == null) {
            throw unsupported("\\p{" + name + "} is not supported; there are L, Lu, Ll, N and Nd");
        }
        return opposite ? Characters.without(set) : set;
    }

    /** A character by its number, or by the two surrogates that write it. */
    private int unit() {
        if (take('{')) {
            int value = hex(1);
            while (!take('}')) {
                value = Math.min(16 * value + hex(1), Character.MAX_CODE_POINT + 1);
            }
            return value;
        }
        int unit = hex(4);
        if (Character.isHighSurrogate((char) unit) && startsWith("\\u")) {
            at += 2;
            return Character.toCodePoint((char) unit, (char) hex(4));
        }
        return unit;
    }

    private int hex(int digits) {
        int value = 0;
        for (int i = 0; i < digits; i++) {
            int digit = Character.digit(next(), 16);
            if (digit < 0) {
                throw refusal("a character's number must be written in hexadecimal digits");
            }
            value = 16 * value + digit;
        }
        return value;
    }

    private BitSet one(int c) {
        if (c > Character.MAX_CODE_POINT || (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)) {
            throw refusal("a character must be one: a surrogate without its partner is none");
        }
        BitSet set = new BitSet();
        set.set(c);
        return set;
    }

    private static boolean isDigit(int c) {
        return c >= '0' && c <= '9';
    }

    private boolean startsWith(String text) {
        return at + 1 < points.length && points[at] == text.charAt(0) && points[at + 1] == text.charAt(1);
    }

    private int peek() {
        return at < points.length ? points[at] : END;
    }

    private int next() {
        if (at == points.length) {
            throw refusal("it must not end here");
        }
        return points[at++];
    }

    private boolean take(int c) {
        boolean taken = peek() == c;
        at += taken ? 1 : 0;
        return taken;
    }

    private GrammarException refusal(String rule) {
        return new GrammarException(message(rule));
    }

    /** A refusal of syntax that other dialects may read. */
    private GrammarException unsupported(String rule) {
        return new UnsupportedGrammarException(message(rule));
    }

    private String message(String rule) {
        String quoted = source.length() <= QUOTED ? source : source.substring(0, QUOTED) + "…";
        return where + ": " + rule + ": at character " + (at + 1) + " of " + quoted;
    }
}
