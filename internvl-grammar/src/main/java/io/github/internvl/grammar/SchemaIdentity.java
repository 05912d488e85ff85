package io.github.internvl.grammar;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Schemas derived from others, one object for the same parts. A reference that appears twice then leads to the same object, and
 * its expression is found again, whatever the number of paths to it.
 */
final class SchemaIdentity {
    /** A schema by identity: its content may be as large as the document. */
    private record Same(JsonElement schema) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Same same && same.schema == schema;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(schema);
        }
    }

    private static final int CHARACTERS = 8; // which take a step to write

    private record Made(String how, List<Same> of) {}

    private final Map<Made, JsonObject> made = new HashMap<>();
    private final IdentityHashMap<JsonElement, List<JsonElement>> parts = new IdentityHashMap<>();
    private final Meter meter;

    SchemaIdentity(Meter meter) {
        this.meter = meter;
    }

    /** Charges work on schemas, before it is done. */
    void charge(long steps) {
        meter.charge(steps);
    }

    /** A schema made in some way of some others, the same object each time. */
    JsonObject made(String how, Supplier<JsonObject> fresh, JsonElement... of) {
        Made key = new Made(how, Arrays.stream(of).map(Same::new).toList());
        JsonObject known = made.get(key);
        if (known == null) {
            known = fresh.get();
            meter.charge(1 + known.size());
            made.put(key, known);
        }
        return known;
    }

    /** A schema without one of its words. */
    JsonObject without(JsonObject schema, String word) {
        return made(
                "without " + word,
                () -> {
                    JsonObject rest = new JsonObject();
                    schema.asMap().forEach((name, value) -> {
                        if (!name.equals(word)) {
                            rest.add(name, value);
                        }
                    });
                    return rest;
                },
                schema);
    }

    /** A schema that asks for two others; what was made here is taken apart first, and asks for each part once. */
    JsonElement allOf(JsonElement a, JsonElement b) {
        if (isSame(a, b) || isAnything(b) || isNothing(a)) {
            return a;
        }
        if (isAnything(a) || isNothing(b)) {
            return b;
        }
        Set<Same> all = new LinkedHashSet<>();
        for (JsonElement each : List.of(a, b)) {
            List<JsonElement> own = parts.getOrDefault(each, List.of(each));
            charge(own.size());
            own.forEach(part -> all.add(new Same(part)));
        }
        List<JsonElement> several = new ArrayList<>();
        all.forEach(same -> several.add(same.schema()));
        JsonObject schema = made(
                "allOf",
                () -> {
                    JsonArray list = new JsonArray();
                    several.forEach(list::add);
                    JsonObject fresh = new JsonObject();
                    fresh.add("allOf", list);
                    return fresh;
                },
                several.toArray(JsonElement[]::new));
        parts.put(schema, several);
        return schema;
    }

    /** Whether two schemas are one object. */
    static boolean isSame(JsonElement a, JsonElement b) {
        return a == b;
    }

    /** Whether two values say the same. */
    boolean areEqual(JsonElement a, JsonElement b) {
        if (isSame(a, b)) {
            return true;
        }
        charge(1);
        if (a instanceof JsonObject one && b instanceof JsonObject other) {
            charge(one.size());
            return one.keySet().equals(other.keySet())
                    && one.keySet().stream().allMatch(name -> areEqual(one.get(name), other.get(name)));
        }
        if (a instanceof JsonArray one && b instanceof JsonArray other) {
            boolean equal = one.size() == other.size();
            for (int i = 0; equal && i < one.size(); i++) {
                equal = areEqual(one.get(i), other.get(i));
            }
            return equal;
        }
        boolean nested = a.isJsonObject() || a.isJsonArray() || b.isJsonObject() || b.isJsonArray();
        return !nested && canonical(a).equals(canonical(b));
    }

    /** A value written in one way, whatever its text is: the order of names does not count, and {@code 1.0} is {@code 1}. */
    String canonical(JsonElement value) {
        String text = written(value);
        charge(1 + text.length() / CHARACTERS);
        return text;
    }

    private String written(JsonElement value) {
        if (value instanceof JsonObject object) {
            return new TreeMap<>(object.asMap())
                    .entrySet().stream()
                            .map(each -> new JsonPrimitive(each.getKey()) + ":" + canonical(each.getValue()))
                            .collect(Collectors.joining(",", "{", "}"));
        }
        if (value instanceof JsonArray array) {
            return array.asList().stream().map(this::canonical).collect(Collectors.joining(",", "[", "]"));
        }
        return value instanceof JsonPrimitive primitive && primitive.isNumber()
                ? JsonNumber.parse(primitive.getAsString()).toString()
                : value.toString();
    }

    private static boolean isAnything(JsonElement schema) {
        return schema.equals(new JsonPrimitive(true))
                || (schema.isJsonObject() && schema.getAsJsonObject().isEmpty());
    }

    private static boolean isNothing(JsonElement schema) {
        return schema.equals(new JsonPrimitive(false));
    }
}
