package io.github.internvl.server.http;

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
 * A JSON object of a request, read field by field. A field with an invalid value is rejected by its path; a null field counts as
 * absent.
 */
public final class JsonFields {
    private static final int LONGEST_NUMBER = 40;

    private final JsonObject object;
    private final String path;
    private final FieldOrigins origins;
    private final @Nullable Set<String> known;

    private JsonFields(JsonObject object, String path, FieldOrigins origins, @Nullable Set<String> known) {
        this.object = object;
        this.path = path;
        this.origins = origins;
        this.known = known;
    }

    /** The body of a request, reduced to its known fields. */
    public static JsonFields of(JsonObject body, Set<String> known) {
        return new JsonFields(body, "", new FieldOrigins(), known);
    }

    /** The path of a field from the body. */
    public String path(String name) {
        String elsewhere = origins.path(object, name);
        return elsewhere != null ? elsewhere : path.isEmpty() ? name : path + "." + name;
    }

    /** The path of this object. */
    public String path() {
        return path;
    }

    /** The object itself, not to be modified. */
    public JsonObject json() {
        return object;
    }

    /** The same object with some fields replaced; {@code places} has the original paths of the replacements. */
    public JsonFields with(JsonObject others, FieldOrigins places, String... namesAndPaths) {
        JsonObject all = new JsonObject();
        object.asMap().forEach(all::add);
        others.asMap().forEach(all::add);
        Set<String> names = new HashSet<>(all.keySet());
        names.addAll(known == null ? Set.of() : known);
        return new JsonFields(places.note(all, namesAndPaths), path, places, names);
    }

    /** A field of any type; null if absent. */
    @Nullable
    public JsonElement any(String name) {
        if (known != null && !known.contains(name)) {
            throw new IllegalStateException(
                    "the field " + name + " must be among those that its route reads: " + known);
        }
        JsonElement value = object.get(name);
        return value == null || value.isJsonNull() ? null : value;
    }

    /** Whether a field is present. */
    public boolean has(String name) {
        return any(name) != null;
    }

    /** A string; null if absent. */
    @Nullable
    public String string(String name) {
        return value(name, "a string", value -> value.isString() ? value.getAsString() : null);
    }

    /** A required string. */
    public String required(String name) {
        String value = string(name);
        if (value == null) {
            throw invalid(name, "is required and must be a string");
        }
        return value;
    }

    /** A boolean; null if absent. */
    @Nullable
    public Boolean flag(String name) {
        return value(name, "true or false", value -> value.isBoolean() ? value.getAsBoolean() : null);
    }

    /** Whether a boolean is present and true. */
    public boolean isTrue(String name) {
        return Boolean.TRUE.equals(flag(name));
    }

    /** A finite number; null if absent. */
    @Nullable
    public Double number(String name) {
        return value(name, "a number", value -> {
            BigDecimal exact = exact(value);
            return exact == null ? null : Double.valueOf(exact.doubleValue());
        });
    }

    /** An integer of 32 bits; null if absent. */
    @Nullable
    public Integer integer(String name) {
        return value(name, "an integer of at most 32 bits", value -> {
            Long whole = whole(value);
            return whole == null || whole.intValue() != whole ? null : Integer.valueOf(whole.intValue());
        });
    }

    /** An integer of 64 bits; null if absent. */
    @Nullable
    public Long longInteger(String name) {
        return value(name, "an integer of at most 64 bits", JsonFields::whole);
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
            throw invalid(name, "must be " + kind);
        }
        return read;
    }

    /** An object; null if absent. */
    @Nullable
    public JsonFields object(String name) {
        JsonElement value = any(name);
        if (value == null) {
            return null;
        }
        if (!value.isJsonObject()) {
            throw invalid(name, "must be an object");
        }
        return new JsonFields(value.getAsJsonObject(), path(name), origins, null);
    }

    /** The objects of an array; empty if absent. */
    public List<JsonFields> objects(String name) {
        List<JsonFields> objects = new ArrayList<>();
        for (JsonElement element : array(name)) {
            String place = path(name) + "[" + objects.size() + "]";
            if (!element.isJsonObject()) {
                throw ApiException.invalid(place, place + " must be an object");
            }
            objects.add(new JsonFields(element.getAsJsonObject(), place, origins, null));
        }
        return objects;
    }

    /** The strings of an array, or a single string; empty if absent. */
    public List<String> strings(String name) {
        if (any(name) instanceof JsonPrimitive) {
            return List.of(required(name));
        }
        List<String> strings = new ArrayList<>();
        for (JsonElement element : array(name)) {
            if (!(element instanceof JsonPrimitive value) || !value.isString()) {
                throw invalid(name, "must be a string or an array of strings");
            }
            strings.add(value.getAsString());
        }
        return strings;
    }

    /** The non-negative integers of an array; empty if absent. */
    public int[] integers(String name) {
        JsonArray array = array(name);
        int[] numbers = new int[array.size()];
        for (int i = 0; i < numbers.length; i++) {
            Long whole = array.get(i) instanceof JsonPrimitive value ? whole(value) : null;
            if (whole == null || whole < 0 || whole > Integer.MAX_VALUE) {
                throw invalid(name, "must be an array of non-negative integers");
            }
            numbers[i] = whole.intValue();
        }
        return numbers;
    }

    /** The fields of an object by name; empty if absent. */
    public Map<String, JsonElement> entries(String name) {
        JsonFields inner = object(name);
        return inner == null ? Map.of() : inner.object.asMap();
    }

    private JsonArray array(String name) {
        JsonElement value = any(name);
        if (value == null) {
            return new JsonArray();
        }
        if (!value.isJsonArray()) {
            throw invalid(name, "must be an array");
        }
        return value.getAsJsonArray();
    }

    /** The rejection of a field with an invalid value. */
    public ApiException invalid(String name, String rule) {
        return ApiException.invalid(path(name), path(name) + " " + rule);
    }

    /** The rejection of a field that this server does not support. */
    public ApiException unsupported(String name, String remedy) {
        return ApiException.unsupported(path(name), path(name) + " is not supported; " + remedy);
    }
}
