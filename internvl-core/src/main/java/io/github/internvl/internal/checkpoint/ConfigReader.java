package io.github.internvl.internal.checkpoint;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.internvl.CheckpointException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Typed reading of a section of a JSON file. A key without a default must be there: the error names the file and the key.
 * Values are not converted between types.
 */
final class ConfigReader {
    private final Path file;
    private final String section;
    private final JsonObject values;

    ConfigReader(Path file, String section, JsonObject values) {
        this.file = file;
        this.section = section;
        this.values = values;
    }

    /** Another file of the same folder; without keys if there is none. */
    ConfigReader beside(String name) {
        return new ConfigReader(file.resolveSibling(name), "", JsonFiles.beside(file, name));
    }

    Path file() {
        return file;
    }

    Set<String> keys() {
        return values.keySet();
    }

    /** Whether the key is there and not null. */
    boolean has(String key) {
        JsonElement value = values.get(key);
        return value != null && !value.isJsonNull();
    }

    /** Whether the key is there, be it null. */
    boolean names(String key) {
        return values.has(key);
    }

    ConfigReader section(String key) {
        return new ConfigReader(file, section + key + ".", read(key, JsonElement::getAsJsonObject));
    }

    /** A whole number of 1 or more. */
    int number(String key) {
        int number = signed(key);
        if (number < 1) {
            throw wrong(key, number, "1 or more");
        }
        return number;
    }

    int number(String key, int absent) {
        return has(key) ? number(key) : absent;
    }

    int signed(String key) {
        return read(key, ConfigReader::whole);
    }

    int signed(String key, int absent) {
        return has(key) ? signed(key) : absent;
    }

    /** A finite number. */
    double real(String key) {
        return read(key, ConfigReader::finite);
    }

    double real(String key, double absent) {
        return has(key) ? real(key) : absent;
    }

    /** A finite number above 0. */
    double positive(String key) {
        double number = real(key);
        if (number <= 0) {
            throw wrong(key, number, "a number above 0");
        }
        return number;
    }

    boolean flag(String key) {
        return read(
                key,
                value -> kind(value, value.getAsJsonPrimitive().isBoolean()).getAsBoolean());
    }

    boolean flag(String key, boolean absent) {
        return has(key) ? flag(key) : absent;
    }

    String text(String key) {
        return read(
                key, value -> kind(value, value.getAsJsonPrimitive().isString()).getAsString());
    }

    /** A text that must be one of those supported. */
    String one(String key, String... supported) {
        String found = text(key);
        if (!List.of(supported).contains(found)) {
            throw wrong(key, found, String.join(", ", supported));
        }
        return found;
    }

    /** Refuses a flag with the other value; it may be absent. */
    void expect(String key, boolean supported) {
        if (has(key) && flag(key) != supported) {
            throw wrong(key, !supported, String.valueOf(supported));
        }
    }

    /** Finite numbers in a list. */
    List<Double> reals(String key) {
        return read(key, JsonElement::getAsJsonArray).asList().stream()
                .map(value -> typed(key, value, ConfigReader::finite))
                .toList();
    }

    /** A number, or a list of them; none if the key is absent. */
    Set<Integer> numbers(String key) {
        if (!has(key)) {
            return Set.of();
        }
        JsonElement value = values.get(key);
        List<JsonElement> all = value.isJsonArray() ? value.getAsJsonArray().asList() : List.of(value);
        Set<Integer> numbers = new LinkedHashSet<>();
        all.forEach(one -> numbers.add(typed(key, one, ConfigReader::whole)));
        return numbers;
    }

    /** Texts in a list; none if the key is absent. */
    Set<String> texts(String key) {
        Set<String> texts = new LinkedHashSet<>();
        if (has(key)) {
            read(key, JsonElement::getAsJsonArray)
                    .forEach(one -> texts.add(typed(
                            key,
                            one,
                            value -> kind(value, value.getAsJsonPrimitive().isString())
                                    .getAsString())));
        }
        return texts;
    }

    /** The side of a square, given as a number, as a pair of equal ones, or as an object of height and width. */
    int side(String key) {
        if (has(key) && values.get(key).isJsonObject()) {
            ConfigReader size = section(key);
            if (size.number("height") != size.number("width")) {
                throw wrong(key, values.get(key), "a square");
            }
            return size.number("height");
        }
        Set<Integer> sides = numbers(key);
        int side = sides.size() == 1 ? sides.iterator().next() : 0;
        if (side < 1) {
            throw names(key) ? wrong(key, values.get(key), "one number, or two equal ones") : missing(key);
        }
        return side;
    }

    /**
     * The spelling of a setting that this file has; the last one if it has none. Two spellings with different values are
     * refused.
     */
    String spelling(String... spellings) {
        String found = "";
        for (String key : spellings) {
            if (has(key)) {
                if (!found.isEmpty() && !values.get(key).equals(values.get(found))) {
                    throw new CheckpointException(place(found) + " and " + section + key + ": must agree: "
                            + values.get(found) + " and " + values.get(key) + "; remove the one that is not meant");
                }
                found = found.isEmpty() ? key : found;
            }
        }
        return found.isEmpty() ? spellings[spellings.length - 1] : found;
    }

    /** Refuses keys by name: those that match and are not among the known ones. */
    void refuseOthers(Predicate<String> suspicious, Set<String> known) {
        for (String key : values.keySet()) {
            if (suspicious.test(key) && !known.contains(key)) {
                throw new CheckpointException(place(key) + ": unknown setting (known here: "
                        + String.join(", ", known.stream().sorted().toList()) + ")");
            }
        }
    }

    /** File and key, as messages name them. */
    String place(String key) {
        return file + ": " + section + key;
    }

    CheckpointException wrong(String key, Object found, String supported) {
        return new CheckpointException(place(key) + ": unknown value '" + found + "' (supported: " + supported + ")");
    }

    CheckpointException refused(String key, Object found, String remedy) {
        return new CheckpointException(place(key) + ": '" + found + "' is not supported; " + remedy);
    }

    CheckpointException missing(String key) {
        return new CheckpointException(
                place(key) + ": missing; a saved " + file.getFileName() + " has it, so no default is assumed");
    }

    private <T> T read(String key, Function<JsonElement, T> as) {
        if (!has(key)) {
            throw missing(key);
        }
        return typed(key, values.get(key), as);
    }

    private <T> T typed(String key, JsonElement value, Function<JsonElement, T> as) {
        try {
            return as.apply(value);
        } catch (
                RuntimeException e) { // Gson and BigDecimal report values of the wrong kind by exceptions of many types
            throw new CheckpointException(place(key) + ": has the wrong type: " + shortened(value), e);
        }
    }

    private static String shortened(JsonElement value) {
        String text = value.toString();
        return text.length() > 80 ? text.substring(0, 80) + "…" : text;
    }

    private static JsonElement kind(JsonElement value, boolean right) {
        if (!right) {
            throw new IllegalStateException("of another type");
        }
        return value;
    }

    private static int whole(JsonElement value) {
        return new BigDecimal(kind(value, value.getAsJsonPrimitive().isNumber()).getAsString()).intValueExact();
    }

    private static double finite(JsonElement value) {
        double number = kind(value, value.getAsJsonPrimitive().isNumber()).getAsDouble();
        kind(value, Double.isFinite(number));
        return number;
    }
}
