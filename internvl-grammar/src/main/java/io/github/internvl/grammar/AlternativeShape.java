package io.github.internvl.grammar;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The features that tell an alternative of {@code oneOf} apart from others.
 *
 * @param types the types of its values; an integer is a number
 * @param constants its values, each written in one way; empty if it does not list them
 * @param isClosed whether its objects have no names but {@code names}
 * @param names the names that it gives properties for
 * @param required the names that its objects must have
 * @param tags the required names whose properties list their values, and these values
 */
record AlternativeShape(
        Set<String> types,
        Set<String> constants,
        boolean isClosed,
        Set<String> names,
        Set<String> required,
        Map<String, Set<String>> tags) {
    /** All types of JSON. */
    static final List<String> TYPES = List.of("object", "array", "string", "number", "boolean", "null");

    static AlternativeShape of(JsonElement way, SchemaIdentity identity) {
        if (!way.isJsonObject()) {
            boolean nothing = way.equals(new JsonPrimitive(false));
            return new AlternativeShape(
                    nothing ? Set.of() : Set.copyOf(TYPES), Set.of(), false, Set.of(), Set.of(), Map.of());
        }
        JsonObject schema = way.getAsJsonObject();
        Set<String> required = strings(schema.get("required"));
        JsonElement named = schema.get("properties");
        JsonObject properties = named != null && named.isJsonObject() ? named.getAsJsonObject() : new JsonObject();
        identity.charge((long) required.size() + properties.size());
        Map<String, Set<String>> tags = new HashMap<>();
        for (String name : required) {
            JsonElement property = properties.get(name);
            List<JsonElement> values =
                    property != null && property.isJsonObject() ? constants(property.getAsJsonObject()) : List.of();
            if (!values.isEmpty()) {
                tags.put(name, canonical(values, identity));
            }
        }
        boolean closed = new JsonPrimitive(false).equals(schema.get("additionalProperties"));
        Set<String> names = new HashSet<>(properties.keySet());
        List<JsonElement> constants = constants(schema);
        return new AlternativeShape(
                types(schema, constants), canonical(constants, identity), closed, names, required, tags);
    }

    /** Whether no object is of both. */
    boolean isApartAsObject(AlternativeShape other) {
        return misses(other)
                || other.misses(this)
                || tags.entrySet().stream()
                        .anyMatch(tag -> other.tags().containsKey(tag.getKey())
                                && areDisjoint(tag.getValue(), other.tags().get(tag.getKey())));
    }

    /** Whether its objects cannot have a name that others must have. */
    private boolean misses(AlternativeShape other) {
        return isClosed && !names.containsAll(other.required());
    }

    static boolean areDisjoint(@Nullable Set<String> one, @Nullable Set<String> other) {
        return one != null && other != null && Collections.disjoint(one, other);
    }

    private static Set<String> types(JsonObject schema, List<JsonElement> constants) {
        Set<String> types = new HashSet<>();
        if (schema.has("type")) {
            SchemaKeywords.types(schema.get("type"))
                    .forEach(type -> types.add(type.equals("integer") ? "number" : type));
        } else if (!constants.isEmpty()) {
            constants.forEach(each -> types.add(type(each)));
        } else {
            types.addAll(TYPES);
        }
        return types;
    }

    private static String type(JsonElement constant) {
        if (!constant.isJsonPrimitive()) {
            return constant.isJsonObject() ? "object" : constant.isJsonArray() ? "array" : "null";
        }
        JsonPrimitive scalar = constant.getAsJsonPrimitive();
        return scalar.isNumber() ? "number" : scalar.isBoolean() ? "boolean" : "string";
    }

    private static List<JsonElement> constants(JsonObject schema) {
        if (schema.has("const")) {
            return List.of(schema.get("const"));
        }
        JsonElement several = schema.get("enum");
        return several != null && several.isJsonArray()
                ? several.getAsJsonArray().asList()
                : List.of();
    }

    private static Set<String> canonical(List<JsonElement> values, SchemaIdentity identity) {
        Set<String> canonical = new HashSet<>();
        values.forEach(value -> canonical.add(identity.canonical(value)));
        return canonical;
    }

    private static Set<String> strings(@Nullable JsonElement list) {
        Set<String> strings = new HashSet<>();
        if (list != null && list.isJsonArray()) {
            list.getAsJsonArray().forEach(each -> strings.add(each.isJsonPrimitive() ? each.getAsString() : ""));
        }
        return strings;
    }
}
