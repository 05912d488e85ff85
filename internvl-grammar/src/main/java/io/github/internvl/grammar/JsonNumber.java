package io.github.internvl.grammar;

import com.google.gson.JsonElement;
import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * A number as JSON writes it, compared and rounded without writing its exponent out: {@code 1e999999999} is a few bytes here.
 *
 * @param sign -1, 0 or 1
 * @param digits the digits that count, without zeros at either end
 * @param magnitude where the point is: the number is 0.digits times ten to this power
 */
record JsonNumber(int sign, String digits, long magnitude) implements Comparable<JsonNumber> {
    private static final long FARTHEST = 1L << 40; // as an exponent; no text has as many digits

    /** The number that a keyword of a schema must have. */
    static JsonNumber of(JsonElement value, String word, String pointer) {
        if (!value.isJsonPrimitive() || !value.getAsJsonPrimitive().isNumber()) {
            throw SchemaError.at(pointer, word + " must be a number: " + SchemaError.quote(value));
        }
        return parse(value.getAsString());
    }

    /** Reads a number of JSON. */
    static JsonNumber parse(String text) {
        int mark = Math.max(text.indexOf('e'), text.indexOf('E'));
        String mantissa = mark < 0 ? text : text.substring(0, mark);
        boolean negative = mantissa.startsWith("-");
        String unsigned = negative ? mantissa.substring(1) : mantissa;
        int point = unsigned.indexOf('.');
        int whole = point < 0 ? unsigned.length() : point;
        String all = point < 0 ? unsigned : unsigned.substring(0, point) + unsigned.substring(point + 1);
        int first = 0;
        while (first < all.length() && all.charAt(first) == '0') {
            first++;
        }
        int end = all.length();
        while (end > first && all.charAt(end - 1) == '0') {
            end--;
        }
        long exponent = mark < 0 ? 0 : exponent(text.substring(mark + 1));
        return first == end
                ? new JsonNumber(0, "", 0)
                : new JsonNumber(negative ? -1 : 1, all.substring(first, end), whole - first + exponent);
    }

    private static long exponent(String text) {
        boolean negative = text.startsWith("-");
        long value = 0;
        for (int i = negative || text.startsWith("+") ? 1 : 0; i < text.length(); i++) {
            value = Math.min(FARTHEST, 10 * value + (text.charAt(i) - '0'));
        }
        return negative ? -value : value;
    }

    /** Whether it has nothing after the point. */
    boolean isWhole() {
        return digits.length() <= magnitude || sign == 0;
    }

    /** The number, rounded up or down to so many digits before and after the point. The magnitude must be at most as many. */
    BigDecimal rounded(int most, RoundingMode mode) {
        if (sign == 0) {
            return BigDecimal.ZERO;
        }
        if (magnitude < -most) {
            boolean away = sign > 0 ? mode == RoundingMode.CEILING : mode == RoundingMode.FLOOR;
            return away ? BigDecimal.valueOf(sign, most) : BigDecimal.ZERO;
        }
        int kept = (int) Math.min(digits.length(), magnitude + most + 1);
        boolean cut = kept < digits.length(); // what is cut counts as a digit more, which decides the rounding
        String text = "0." + digits.substring(0, kept) + (cut ? "1" : "");
        BigDecimal exact = new BigDecimal((sign < 0 ? "-" : "") + text).scaleByPowerOfTen((int) magnitude);
        return exact.scale() > most ? exact.setScale(most, mode) : exact;
    }

    /** As a count: whole numbers beyond all counts are the largest one. */
    int count() {
        return magnitude > 9
                ? Integer.MAX_VALUE
                : rounded(10, RoundingMode.DOWN).intValue();
    }

    @Override
    public int compareTo(JsonNumber other) {
        if (sign != other.sign || sign == 0) {
            return Integer.compare(sign, other.sign);
        }
        int larger = Long.compare(magnitude, other.magnitude);
        return sign * (larger != 0 ? larger : digits.compareTo(other.digits));
    }
}
