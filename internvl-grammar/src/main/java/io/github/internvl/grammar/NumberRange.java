package io.github.internvl.grammar;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/**
 * Decimal numbers on one side of a limit, compared digit by digit as they are written. Of signs, zeros and lengths they allow
 * more than a number may have: they are meant to be held together with {@link JsonText#decimal}.
 */
final class NumberRange {
    private final Exprs exprs;
    private final Expr digits;

    NumberRange(Exprs exprs) {
        this.exprs = exprs;
        this.digits = exprs.any(exprs.range('0', '9'));
    }

    /** Numbers from a limit on, or above it. */
    Expr atLeast(BigDecimal limit, boolean exclusive) {
        Expr negative = exprs.literal("-");
        return limit.signum() < 0
                ? exprs.choice(unsigned(), exprs.sequence(negative, upTo(limit.negate(), exclusive)))
                : from(limit, exclusive);
    }

    /** Numbers up to a limit, or below it. */
    Expr atMost(BigDecimal limit, boolean exclusive) {
        Expr negative = exprs.literal("-");
        if (limit.signum() < 0) {
            return exprs.sequence(negative, from(limit.negate(), exclusive));
        }
        Expr below = exprs.sequence(negative, limit.signum() == 0 && exclusive ? from(limit, true) : unsigned());
        return exprs.choice(below, upTo(limit, exclusive));
    }

    private Expr unsigned() {
        return exprs.sequence(digits, fraction());
    }

    private Expr fraction() {
        return exprs.optional(exprs.sequence(exprs.literal("."), digits));
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

    private Expr from(BigDecimal limit, boolean exclusive) {
        String whole = whole(limit);
        String part = part(limit);
        Expr equal;
        if (part.isEmpty()) {
            equal = exclusive ? exprs.sequence(exprs.literal("."), digits, exprs.range('1', '9'), digits) : fraction();
        } else {
            equal = exprs.sequence(exprs.literal("."), partFrom(part, exclusive));
        }
        Expr longer = exprs.sequence(
                exprs.range('1', '9'), exprs.repeat(exprs.range('0', '9'), whole.length(), Exprs.UNBOUNDED));
        return exprs.choice(
                exprs.sequence(exprs.choice(longer, unequal(whole, true)), fraction()),
                exprs.sequence(exprs.literal(whole), equal));
    }

    private Expr upTo(BigDecimal limit, boolean exclusive) {
        String whole = whole(limit);
        String part = part(limit);
        Expr zeros = exprs.optional(exprs.sequence(exprs.literal("."), exprs.any(exprs.literal("0"))));
        Expr equal = part.isEmpty()
                ? exclusive ? exprs.nothing : zeros
                : exprs.optional(exprs.sequence(exprs.literal("."), partUpTo(part, exclusive)));
        Expr shorter = exprs.repeat(exprs.range('0', '9'), 1, whole.length() - 1);
        return exprs.choice(
                exprs.sequence(exprs.choice(shorter, unequal(whole, false)), fraction()),
                exprs.sequence(exprs.literal(whole), equal));
    }

    /** As many digits that make a larger number, or a smaller one. */
    private Expr unequal(String number, boolean larger) {
        List<Expr> ways = new ArrayList<>();
        for (int i = 0; i < number.length(); i++) {
            int rest = number.length() - i - 1;
            ways.add(exprs.sequence(
                    exprs.literal(number.substring(0, i)),
                    beside(number.charAt(i), larger),
                    exprs.repeat(exprs.range('0', '9'), rest, rest)));
        }
        return exprs.choice(ways);
    }

    private Expr beside(char digit, boolean larger) {
        return larger ? exprs.range(digit + 1, '9') : exprs.range('0', digit - 1);
    }

    private Expr partFrom(String part, boolean exclusive) {
        List<Expr> ways = new ArrayList<>();
        for (int i = 0; i < part.length(); i++) {
            ways.add(exprs.sequence(exprs.literal(part.substring(0, i)), beside(part.charAt(i), true), digits));
        }
        Expr more = exclusive ? exprs.sequence(digits, exprs.range('1', '9'), digits) : digits;
        ways.add(exprs.sequence(exprs.literal(part), more));
        return exprs.choice(ways);
    }

    private Expr partUpTo(String part, boolean exclusive) {
        List<Expr> ways = new ArrayList<>();
        for (int i = 0; i < part.length(); i++) {
            ways.add(exprs.sequence(exprs.literal(part.substring(0, i)), beside(part.charAt(i), false), digits));
            if (i > 0) {
                ways.add(exprs.literal(part.substring(0, i)));
            }
        }
        ways.add(exclusive ? exprs.nothing : exprs.sequence(exprs.literal(part), exprs.any(exprs.literal("0"))));
        return exprs.choice(ways);
    }
}
