package io.github.internvl.grammar;

import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The supported string formats, each as an expression for a part of its texts that every validator accepts. */
final class StringFormats {
    private static final String DATE = "[1-9][0-9]{3}-("
            + "(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))";
    private static final String TIME = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{3}([0-9]{3})?)?(Z|"
            + "\\+(0[0-9]|1[0-3]):[0-5][0-9]|-(0[1-9]|1[0-2]):[0-5][0-9])";
    private static final String NAME = "[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?";
    private static final String HOST = NAME + "(\\." + NAME + "){0,4}\\.[a-z]{2,10}";
    private static final String OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";

    private static final Map<String, String> EXPRESSIONS = new TreeMap<>(Map.of(
            "date",
            DATE,
            "time",
            TIME,
            "date-time",
            DATE + "T" + TIME,
            "duration",
            "P([1-9][0-9]{0,3}D|([1-9][0-9]{0,3}D)?T[1-9][0-9]{0,3}[HMS]|[1-9][0-9]{0,3}W)",
            "uuid",
            "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            "email",
            "[A-Za-z0-9_+-]{1,30}(\\.[A-Za-z0-9_+-]{1,30})?@" + HOST,
            "hostname",
            HOST,
            "ipv4",
            OCTET + "(\\." + OCTET + "){3}",
            "uri",
            "https?://" + HOST + "(/[A-Za-z0-9._~-]+){0,20}/?(\\?[A-Za-z0-9._~=&-]+)?"));

    private StringFormats() {}

    /** The expression of a format; null for an unknown one. */
    static @Nullable String expression(String format) {
        return EXPRESSIONS.get(format);
    }

    /** The names of all formats, for a message. */
    static String names() {
        return String.join(", ", EXPRESSIONS.keySet());
    }
}
