package io.github.internvl.internal.grammar;

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
 * How JSON is written: compact, with at most one space after a colon and a comma and no other white space; numbers of at most
 * 16 digits before and after the point and 2 in the exponent, which every parser takes. Not thread-safe.
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

    private final Terms terms;
    private final Utf8 utf8;
    private final Term.Rule value;
    private final Term plain;
    private final Map<List<Integer>, Term> beside = new HashMap<>();

    /** A comma, and a colon, with the space that may follow. */
    final Term comma;

    final Term colon;
    final Term digit;

    /** One character of a string, in any of the ways to write it. */
    final Term character;

    JsonText(Terms terms, Utf8 utf8) {
        this.terms = terms;
        this.utf8 = utf8;
        this.comma = terms.sequence(terms.literal(","), terms.optional(terms.literal(" ")));
        this.colon = terms.sequence(terms.literal(":"), terms.optional(terms.literal(" ")));
        this.digit = terms.range('0', '9');
        this.plain = utf8.term(PLAIN);
        this.character = terms.choice(plain, terms.sequence(terms.literal("\\"), escape()));
        this.value = terms.rule(false);
        Term any = terms.choice(List.of(
                object(),
                array(),
                string(),
                number(),
                terms.literal("true"),
                terms.literal("false"),
                terms.literal("null")));
        value.body = any;
    }

    Terms terms() {
        return terms;
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
    private Term escape() {
        Term hex = hex("0123456789abcdefABCDEF");
        Term other = terms.choice(
                terms.sequence(hex("0123456789abcABCefEF"), hex, hex, hex),
                terms.sequence(hex("dD"), hex("01234567"), hex, hex));
        Term high = terms.sequence(hex("dD"), hex("89abAB"), hex, hex);
        Term low = terms.sequence(hex("dD"), hex("cdefCDEF"), hex, hex);
        Term unit = terms.literal("u");
        return terms.choice(
                terms.oneOf("\"\\/bfnrt"),
                terms.sequence(unit, other),
                terms.sequence(unit, high, terms.literal("\\u"), low));
    }

    private Term hex(String digits) {
        return terms.oneOf(digits);
    }

    /** One character of a set, as it is written within a string: as itself where that is possible. */
    Term written(BitSet characters) {
        BitSet themselves = (BitSet) characters.clone();
        themselves.and(PLAIN);
        List<Term> ways = new ArrayList<>(List.of(utf8.term(themselves)));
        BitSet others = (BitSet) characters.clone();
        others.andNot(themselves);
        others.stream().forEach(c -> ways.add(terms.literal(ESCAPES.getOrDefault(c, "\\u%04x".formatted(c)))));
        return terms.choice(ways);
    }

    /** The text between two quotes. */
    Term quoted(Term content) {
        return terms.sequence(terms.literal("\""), content, terms.literal("\""));
    }

    /** Any string. */
    Term string() {
        return quoted(terms.any(character));
    }

    /** A whole number. */
    Term integer(int digits) {
        Term positive = terms.sequence(terms.range('1', '9'), terms.repeat(digit, 0, digits - 1));
        return terms.choice(terms.literal("0"), positive, terms.sequence(terms.literal("-"), positive));
    }

    /** A number without an exponent. */
    Term decimal(int digits) {
        Term positive = terms.sequence(terms.range('1', '9'), terms.repeat(digit, 0, digits - 1));
        Term fraction = terms.sequence(terms.literal("."), terms.repeat(digit, 1, digits));
        return terms.sequence(
                terms.optional(terms.literal("-")),
                terms.choice(terms.literal("0"), positive),
                terms.optional(fraction));
    }

    /** Any number. */
    Term number() {
        Term exponent = terms.sequence(terms.oneOf("eE"), terms.optional(terms.oneOf("+-")), terms.repeat(digit, 1, 2));
        return terms.sequence(decimal(DIGITS), terms.optional(exponent));
    }

    /** Any value. */
    Term value() {
        return value;
    }

    /** Any object. */
    Term object() {
        return inBraces(list(pair(string(), value), 0, Terms.UNBOUNDED));
    }

    private Term array() {
        return inBrackets(list(value, 0, Terms.UNBOUNDED));
    }

    /** One value, as it stands. */
    Term literal(JsonElement constant) {
        return terms.literal(constant.toString());
    }

    /** One of some values, as they stand. */
    Term literals(List<JsonElement> constants) {
        return Prefixes.texts(
                terms, constants.stream().map(JsonElement::toString).toList());
    }

    /** A key of an object and its value; nothing if there is no such value. */
    Term pair(Term key, Term content) {
        return terms.sequence(key, colon, content);
    }

    Term inBraces(Term content) {
        return terms.sequence(terms.literal("{"), content, terms.literal("}"));
    }

    Term inBrackets(Term content) {
        return terms.sequence(terms.literal("["), content, terms.literal("]"));
    }

    /** Items with commas between them. */
    Term list(Term item, int min, int max) {
        int more = max == Terms.UNBOUNDED ? max : max - 1;
        Term some = max == 0
                ? terms.nothing
                : terms.sequence(item, terms.repeat(terms.sequence(comma, item), Math.max(0, min - 1), more));
        return min == 0 ? terms.optional(some) : some;
    }

    /** Keys without escapes that are none of some names. */
    Term otherKey(Set<String> names) {
        return quoted(noneOf(names));
    }

    /** Texts of plain characters that are none of some texts. */
    private Term noneOf(Set<String> texts) {
        if (texts.isEmpty()) {
            return terms.any(plain);
        }
        SortedMap<Integer, Set<String>> rests = new TreeMap<>();
        for (String text : texts) {
            if (!text.isEmpty() && isPlain(text.codePointAt(0))) {
                int first = text.codePointAt(0);
                rests.computeIfAbsent(first, fresh -> new LinkedHashSet<>())
                        .add(text.substring(Character.charCount(first)));
            }
        }
        List<Term> ways = new ArrayList<>();
        if (!texts.contains("")) {
            ways.add(terms.empty);
        }
        rests.forEach((first, own) -> ways.add(terms.sequence(terms.literal(Character.toString(first)), noneOf(own))));
        ways.add(beside.computeIfAbsent(List.copyOf(rests.keySet()), this::beginningOtherwise));
        return terms.choice(ways);
    }

    private Term beginningOtherwise(List<Integer> firsts) {
        BitSet others = (BitSet) PLAIN.clone();
        firsts.forEach(others::clear);
        return terms.sequence(utf8.term(others), terms.any(plain));
    }
}
