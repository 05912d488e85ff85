package io.github.internvl.grammar;

import com.google.gson.JsonElement;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The ways to write JSON: compact, with at most one space after a colon and a comma and no other white space; numbers of at most
 * 16 digits before and after the point and 2 in the exponent, which every parser reads. Not thread-safe.
 */
final class JsonText {
    /** Digits before the point, and after it. */
    static final int DIGITS = 16;

    private static final Map<Integer, String> ESCAPES = Map.of(
            (int) '"',
            "\\\"",
            (int) '\\',
            "\\\\",
            (int) '\b',
            "\\b",
            (int) '\f',
            "\\f",
            (int) '\n',
            "\\n",
            (int) '\r',
            "\\r",
            (int) '\t',
            "\\t");

    private static final BitSet PLAIN = allPlain();

    private final Exprs exprs;
    private final Utf8 utf8;
    private final Expr.Rule value;
    private final Expr plain;
    private final Map<List<Integer>, Expr> beside = new HashMap<>();

    /** A comma, and a colon, with the space that may follow. */
    final Expr comma;

    final Expr colon;
    final Expr digit;

    /** One character of a string, in any of the ways to write it. */
    final Expr character;

    JsonText(Exprs exprs, Utf8 utf8) {
        this.exprs = exprs;
        this.utf8 = utf8;
        this.comma = exprs.sequence(exprs.literal(","), exprs.optional(exprs.literal(" ")));
        this.colon = exprs.sequence(exprs.literal(":"), exprs.optional(exprs.literal(" ")));
        this.digit = exprs.range('0', '9');
        this.plain = utf8.expr(PLAIN);
        this.character = exprs.choice(plain, exprs.sequence(exprs.literal("\\"), escape()));
        this.value = exprs.rule(false);
        Expr any = exprs.choice(List.of(
                object(),
                array(),
                string(),
                number(),
                exprs.literal("true"),
                exprs.literal("false"),
                exprs.literal("null")));
        value.body = any;
    }

    Exprs exprs() {
        return exprs;
    }

    private static BitSet allPlain() {
        BitSet plain = Utf8.all();
        plain.clear(0, ' ');
        plain.clear('"');
        plain.clear('\\');
        return plain;
    }

    /** Characters that stand for themselves in a string. */
    private static boolean isPlain(int character) {
        return PLAIN.get(character);
    }

    /** The text after a backslash: one escaped character, surrogates only in pairs. */
    private Expr escape() {
        Expr hex = hex("0123456789abcdefABCDEF");
        Expr other = exprs.choice(
                exprs.sequence(hex("0123456789abcABCefEF"), hex, hex, hex),
                exprs.sequence(hex("dD"), hex("01234567"), hex, hex));
        Expr high = exprs.sequence(hex("dD"), hex("89abAB"), hex, hex);
        Expr low = exprs.sequence(hex("dD"), hex("cdefCDEF"), hex, hex);
        Expr unit = exprs.literal("u");
        return exprs.choice(
                exprs.oneOf("\"\\/bfnrt"),
                exprs.sequence(unit, other),
                exprs.sequence(unit, high, exprs.literal("\\u"), low));
    }

    private Expr hex(String digits) {
        return exprs.oneOf(digits);
    }

    /** One character of a set, as it is written within a string: as itself where that is possible. */
    Expr written(BitSet characters) {
        BitSet themselves = (BitSet) characters.clone();
        themselves.and(PLAIN);
        List<Expr> ways = new ArrayList<>(List.of(utf8.expr(themselves)));
        BitSet others = (BitSet) characters.clone();
        others.andNot(themselves);
        others.stream().forEach(c -> ways.add(exprs.literal(ESCAPES.getOrDefault(c, "\\u%04x".formatted(c)))));
        return exprs.choice(ways);
    }

    /** The text between two quotes. */
    Expr quoted(Expr content) {
        return exprs.sequence(exprs.literal("\""), content, exprs.literal("\""));
    }

    /** Any string. */
    Expr string() {
        return quoted(exprs.any(character));
    }

    /** A whole number. */
    Expr integer(int digits) {
        Expr positive = exprs.sequence(exprs.range('1', '9'), exprs.repeat(digit, 0, digits - 1));
        return exprs.choice(exprs.literal("0"), positive, exprs.sequence(exprs.literal("-"), positive));
    }

    /** A number without an exponent. */
    Expr decimal(int digits) {
        Expr positive = exprs.sequence(exprs.range('1', '9'), exprs.repeat(digit, 0, digits - 1));
        Expr fraction = exprs.sequence(exprs.literal("."), exprs.repeat(digit, 1, digits));
        return exprs.sequence(
                exprs.optional(exprs.literal("-")),
                exprs.choice(exprs.literal("0"), positive),
                exprs.optional(fraction));
    }

    /** Any number. */
    Expr number() {
        Expr exponent = exprs.sequence(exprs.oneOf("eE"), exprs.optional(exprs.oneOf("+-")), exprs.repeat(digit, 1, 2));
        return exprs.sequence(decimal(DIGITS), exprs.optional(exponent));
    }

    /** Any value. */
    Expr value() {
        return value;
    }

    /** Any object. */
    Expr object() {
        return inBraces(list(pair(string(), value), 0, Exprs.UNBOUNDED));
    }

    private Expr array() {
        return inBrackets(list(value, 0, Exprs.UNBOUNDED));
    }

    /** One value, as it stands. */
    Expr literal(JsonElement constant) {
        return exprs.literal(constant.toString());
    }

    /** One of some values, as they stand. */
    Expr literals(List<JsonElement> constants) {
        return Prefixes.texts(
                exprs, constants.stream().map(JsonElement::toString).toList());
    }

    /** A key of an object and its value; nothing if there is no such value. */
    Expr pair(Expr key, Expr content) {
        return exprs.sequence(key, colon, content);
    }

    Expr inBraces(Expr content) {
        return exprs.sequence(exprs.literal("{"), content, exprs.literal("}"));
    }

    Expr inBrackets(Expr content) {
        return exprs.sequence(exprs.literal("["), content, exprs.literal("]"));
    }

    /** Items with commas between them. */
    Expr list(Expr item, int min, int max) {
        int more = max == Exprs.UNBOUNDED ? max : max - 1;
        Expr some = max == 0
                ? exprs.nothing
                : exprs.sequence(item, exprs.repeat(exprs.sequence(comma, item), Math.max(0, min - 1), more));
        return min == 0 ? exprs.optional(some) : some;
    }

    /** Keys without escapes that are none of some names. */
    Expr otherKey(Set<String> names) {
        return quoted(noneOf(names));
    }

    /** Texts of plain characters that are none of some texts. */
    private Expr noneOf(Set<String> texts) {
        if (texts.isEmpty()) {
            return exprs.any(plain);
        }
        SortedMap<Integer, Set<String>> rests = new TreeMap<>();
        for (String text : texts) {
            if (!text.isEmpty() && isPlain(text.codePointAt(0))) {
                int first = text.codePointAt(0);
                rests.computeIfAbsent(first, fresh -> new LinkedHashSet<>())
                        .add(text.substring(Character.charCount(first)));
            }
        }
        List<Expr> ways = new ArrayList<>();
        if (!texts.contains("")) {
            ways.add(exprs.empty);
        }
        rests.forEach((first, own) -> ways.add(exprs.sequence(exprs.literal(Character.toString(first)), noneOf(own))));
        ways.add(beside.computeIfAbsent(List.copyOf(rests.keySet()), this::beginningOtherwise));
        return exprs.choice(ways);
    }

    private Expr beginningOtherwise(List<Integer> firsts) {
        BitSet others = (BitSet) PLAIN.clone();
        firsts.forEach(others::clear);
        return exprs.sequence(utf8.expr(others), exprs.any(plain));
    }
}
