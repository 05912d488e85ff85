package io.github.internvl.server;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object of a request, read field by field: a field that is not as it must be is refused by its path. A field that is
 * null is absent.
 */
final class Fields {
    private static final int LONGEST_NUMBER = 40;

    private final JsonObject object;
    private final String path;
    private final Origins origins;
    private final @Nullable Set<String> known;

    private Fields(JsonObject object, String path, Origins origins, @Nullable Set<String> known) {
        this.object = object;
        this.path = path;
        this.origins = origins;
        this.known = known;
    }

    /** The body of a request, of which just the known fields were read. */
    static Fields of(JsonObject body, Set<String> known) {
        return new Fields(body, "", new Origins(), known);
    }

    /** The name of a field with all that it lies in. */
    String path(String name) {
        String elsewhere = origins.place(object, name);
        return elsewhere != null ? elsewhere : path.isEmpty() ? name : path + "." + name;
    }

    /** The path of this object. */
    String path() {
        return path;
    }

    /** The object itself, not to be changed. */
    JsonObject json() {
        return object;
    }

    /** These fields in the same place, some replaced by others; those and what they hold come from the places noted. */
    Fields with(JsonObject others, Origins places, String... namesAndPlaces) {
        JsonObject all = new JsonObject();
        object.asMap().forEach(all::add);
        others.asMap().forEach(all::add);
        Set<String> names = new HashSet<>(all.keySet());
        names.addAll(known == null ? Set.of() : known);
        return new Fields(places.note(all, namesAndPlaces), path, places, names);
    }

    /** A field of any kind, unless it is absent. */
    @Nullable
    JsonElement any(String name) {
        if (known != null && !known.contains(name)) {
            throw new IllegalStateException(
                    "the field " + name + " must be among those that its route reads: " + known);
        }
        JsonElement value = object.get(name);
        return value == null || value.isJsonNull() ? null : value;
    }

    boolean has(String name) {
        return any(name) != null;
    }

    @Nullable
    String string(String name) {
        return value(name, "a string", value -> value.isString() ? value.getAsString() : null);
    }

    /** A string that must be there. */
    String needed(String name) {
        String value = string(name);
        if (value == null) {
            throw wrong(name, "must be there, a string");
        }
        return value;
    }

    @Nullable
    Boolean flag(String name) {
        return value(name, "true or false", value -> value.isBoolean() ? value.getAsBoolean() : null);
    }

    boolean isTrue(String name) {
        return Boolean.TRUE.equals(flag(name));
    }

    @Nullable
    Double number(String name) {
        return value(name, "a number", value -> {
            BigDecimal exact = exact(value);
            return exact == null ? null : Double.valueOf(exact.doubleValue());
        });
    }

    @Nullable
    Integer integer(String name) {
        return value(name, "a whole number of at most 32 bits", value -> {
            Long whole = whole(value);
            return whole == null || whole.intValue() != whole ? null : Integer.valueOf(whole.intValue());
        });
    }

    @Nullable
    Long longInteger(String name) {
        return value(name, "a whole number of at most 64 bits", Fields::whole);
    }

    private static @Nullable Long whole(JsonPrimitive value) {
        BigDecimal exact = exact(value);
        try {
            return exact == null || Math.abs(exact.scale()) > LONGEST_NUMBER ? null : exact.longValueExact();
        } catch (ArithmeticException e) {
            return null;
        }
    }

    private static @Nullable BigDecimal exact(JsonPrimitive value) {
        if (!value.isNumber() || value.getAsString().length() > LONGEST_NUMBER) {
            return null;
        }
        try {
            BigDecimal exact = new BigDecimal(value.getAsString());
            return Double.isInfinite(exact.doubleValue()) ? null : exact;
        } catch (NumberFormatException e) {
            return null;
        }
    }

    private <T> @Nullable T value(String name, String kind, Function<JsonPrimitive, @Nullable T> reading) {
        JsonElement value = any(name);
        if (value == null) {
            return null;
        }
        T read = value.isJsonPrimitive() ? reading.apply(value.getAsJsonPrimitive()) : null;
        if (read == null) {
            throw wrong(name, "must be " + kind);
        }
        return read;
    }

    /** An object, unless it is absent. */
    @Nullable
    Fields object(String name) {
        JsonElement value = any(name);
        if (value == null) {
            return null;
        }
        if (!value.isJsonObject()) {
            throw wrong(name, "must be an object");
        }
        return new Fields(value.getAsJsonObject(), path(name), origins, null);
    }

    /** The objects of an array; none if it is absent. */
    List<Fields> objects(String name) {
        List<Fields> objects = new ArrayList<>();
        for (JsonElement element : array(name)) {
            String place = path(name) + "[" + objects.size() + "]";
            if (!element.isJsonObject()) {
                throw Refusal.wrong(place, place + " must be an object");
            }
            objects.add(new Fields(element.getAsJsonObject(), place, origins, null));
        }
        return objects;
    }

    /** The strings of an array, or a single one; none if it is absent. */
    List<String> strings(String name) {
        if (any(name) instanceof JsonPrimitive) {
            return List.of(needed(name));
        }
        List<String> strings = new ArrayList<>();
        for (JsonElement element : array(name)) {
            if (!(element instanceof JsonPrimitive value) || !value.isString()) {
                throw wrong(name, "must be a string or an array of strings");
            }
            strings.add(value.getAsString());
        }
        return strings;
    }

    /** The whole numbers of an array; none if it is absent. */
    int[] integers(String name) {
        JsonArray array = array(name);
        int[] numbers = new int[array.size()];
        for (int i = 0; i < numbers.length; i++) {
            Long whole = array.get(i) instanceof JsonPrimitive value ? whole(value) : null;
            if (whole == null || whole < 0 || whole > Integer.MAX_VALUE) {
                throw wrong(name, "must be an array of whole numbers from 0");
            }
            numbers[i] = whole.intValue();
        }
        return numbers;
    }

    /** The fields of an object by their names; none if it is absent. */
    Map<String, JsonElement> entries(String name) {
        Fields inner = object(name);
        return inner == null ? Map.of() : inner.object.asMap();
    }

    private JsonArray array(String name) {
        JsonElement value = any(name);
        if (value == null) {
            return new JsonArray();
        }
        if (!value.isJsonArray()) {
            throw wrong(name, "must be an array");
        }
        return value.getAsJsonArray();
    }

    /** The refusal of a field. */
    Refusal wrong(String name, String rule) {
        return Refusal.wrong(path(name), path(name) + " " + rule);
    }

    /** The refusal of a field that is known and not offered. */
    Refusal unsupported(String name, String remedy) {
        return Refusal.unsupported(path(name), path(name) + " is not supported; " + remedy);
    }
}
