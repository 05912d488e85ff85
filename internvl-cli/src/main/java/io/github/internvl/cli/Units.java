package io.github.internvl.cli;

import java.time.Duration;
import java.util.Locale;

/** Numbers formatted for reading. */
final class Units {
    private static final String[] BYTES = {"KiB", "MiB", "GiB", "TiB"};

    private Units() {}

    /** {@code 1.8 GiB}; below 1024 plain bytes. */
    static String bytes(long count) {
        if (count < 1024) {
            return count + " B";
        }
        double value = count / 1024.0;
        int unit = 0;
        while (value >= 1024 && unit < BYTES.length - 1) {
            value /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %s", value, BYTES[unit]);
    }

    /** {@code 938.2 million}; below a million with separators. */
    static String count(long count) {
        if (count >= 1_000_000_000) {
            return String.format(Locale.ROOT, "%.2f billion", count / 1e9);
        }
        return count >= 1_000_000
                ? String.format(Locale.ROOT, "%.1f million", count / 1e6)
                : String.format(Locale.ROOT, "%,d", count);
    }

    /** {@code 1.25 s}. */
    static String seconds(Duration time) {
        return String.format(Locale.ROOT, "%.2f s", time.toNanos() / 1e9);
    }

    /** A time to wait, such as {@code 40 s}, {@code 3 min} or {@code 1 h 20 min}. */
    static String left(long seconds) {
        long minutes = (seconds + 30) / 60;
        if (seconds < 100) {
            return seconds + " s";
        }
        return minutes < 100 ? minutes + " min" : minutes / 60 + " h " + minutes % 60 + " min";
    }

    /** A measured value with three or four digits. */
    static String number(double value) {
        return value >= 10_000
                ? String.format(Locale.ROOT, "%,.0f", value)
                : String.format(Locale.ROOT, value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.3f", value);
    }

    /** A measured value rounded to four significant digits; further digits are noise. */
    static double rounded(double value) {
        return Double.parseDouble(String.format(Locale.ROOT, "%.4g", value));
    }
}
