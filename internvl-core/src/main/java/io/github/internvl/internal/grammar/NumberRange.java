package io.github.internvl.internal.grammar;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/**
 * Decimal numbers on one side of a limit, compared digit by digit as they are written. Of signs, zeros and lengths they allow
 * more than a number may have: they are meant to be held together with {@link JsonText#decimal}.
 */
final class NumberRange {
    private final Terms terms;
    private final Term digits;

    NumberRange(Terms terms) {
        this.terms = terms;
        this.digits = terms.any(terms.range('0', '9'));
    }

    /** Numbers from a limit on, or above it. */
    Term atLeast(BigDecimal limit, boolean exclusive) {
        Term negative = terms.literal("-");
        return limit.signum() < 0
                ? terms.choice(unsigned(), terms.sequence(negative, upTo(limit.negate(), exclusive)))
                : from(limit, exclusive);
    }

    /** Numbers up to a limit, or below it. */
    Term atMost(BigDecimal limit, boolean exclusive) {
        Term negative = terms.literal("-");
        if (limit.signum() < 0) {
            return terms.sequence(negative, from(limit.negate(), exclusive));
        }
        Term below = terms.sequence(negative, limit.signum() == 0 && exclusive ? from(limit, true) : unsigned());
        return terms.choice(below, upTo(limit, exclusive));
    }

    private Term unsigned() {
        return terms.sequence(digits, fraction());
    }

    private Term fraction() {
        return terms.optional(terms.sequence(terms.literal("."), digits));
    }

    private static String whole(BigDecimal limit) {
        return limit.toBigInteger().toString();
    }

    /** The digits after the point, without zeros at the end. */
    private static String part(BigDecimal limit) {
        String text = limit.stripTrailingZeros().toPlainString();
        int point = text.indexOf('.');
        return point < 0 ? "" : text.substring(point + 1);
    }

    private Term from(BigDecimal limit, boolean exclusive) {
        String whole = whole(limit);
        String part = part(limit);
        Term equal;
        if (part.isEmpty()) {
            equal = exclusive ? terms.sequence(terms.literal("."), digits, terms.range('1', '9'), digits) : fraction();
        } else {
            equal = terms.sequence(terms.literal("."), partFrom(part, exclusive));
        }
        Term longer = terms.sequence(
                terms.range('1', '9'), terms.repeat(terms.range('0', '9'), whole.length(), Terms.UNBOUNDED));
        return terms.choice(
                terms.sequence(terms.choice(longer, unequal(whole, true)), fraction()),
                terms.sequence(terms.literal(whole), equal));
    }

    private Term upTo(BigDecimal limit, boolean exclusive) {
        String whole = whole(limit);
        String part = part(limit);
        Term zeros = terms.optional(terms.sequence(terms.literal("."), terms.any(terms.literal("0"))));
        Term equal = part.isEmpty()
                ? exclusive ? terms.nothing : zeros
                : terms.optional(terms.sequence(terms.literal("."), partUpTo(part, exclusive)));
        Term shorter = terms.repeat(terms.range('0', '9'), 1, whole.length() - 1);
        return terms.choice(
                terms.sequence(terms.choice(shorter, unequal(whole, false)), fraction()),
                terms.sequence(terms.literal(whole), equal));
    }

    /** As many digits that make a larger number, or a smaller one. */
    private Term unequal(String number, boolean larger) {
        List<Term> ways = new ArrayList<>();
        for (int i = 0; i < number.length(); i++) {
            int rest = number.length() - i - 1;
            ways.add(terms.sequence(
                    terms.literal(number.substring(0, i)),
                    beside(number.charAt(i), larger),
                    terms.repeat(terms.range('0', '9'), rest, rest)));
        }
        return terms.choice(ways);
    }

    private Term beside(char digit, boolean larger) {
        return larger ? terms.range(digit + 1, '9') : terms.range('0', digit - 1);
    }

    private Term partFrom(String part, boolean exclusive) {
        List<Term> ways = new ArrayList<>();
        for (int i = 0; i < part.length(); i++) {
            ways.add(terms.sequence(terms.literal(part.substring(0, i)), beside(part.charAt(i), true), digits));
        }
        Term more = exclusive ? terms.sequence(digits, terms.range('1', '9'), digits) : digits;
        ways.add(terms.sequence(terms.literal(part), more));
        return terms.choice(ways);
    }

    private Term partUpTo(String part, boolean exclusive) {
        List<Term> ways = new ArrayList<>();
        for (int i = 0; i < part.length(); i++) {
            ways.add(terms.sequence(terms.literal(part.substring(0, i)), beside(part.charAt(i), false), digits));
            if (i > 0) {
                ways.add(terms.literal(part.substring(0, i)));
            }
        }
        ways.add(exclusive ? terms.nothing : terms.sequence(terms.literal(part), terms.any(terms.literal("0"))));
        return terms.choice(ways);
    }
}
