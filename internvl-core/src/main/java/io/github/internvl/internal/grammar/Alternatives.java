package io.github.internvl.internal.grammar;

import static io.github.internvl.internal.grammar.Refusal.at;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Whether no value can be of two alternatives at once, as {@code oneOf} wants it: by their types, or by a property. */
final class Alternatives {
    private Alternatives() {}

    /** Resolves a schema at a place, so that no reference is on its outside. */
    interface Resolver {
        JsonElement resolve(JsonElement schema, String pointer);
    }

    static void requireApart(List<JsonElement> ways, Resolver resolver, String pointer) {
        List<JsonElement> plain =
                ways.stream().map(way -> resolver.resolve(way, pointer)).toList();
        for (int i = 0; i < plain.size(); i++) {
            for (int j = 0; j < i; j++) {
                if (!areApart(plain.get(i), plain.get(j))) {
                    throw at(
                            pointer,
                            "alternatives " + j + " and " + i + " must not share a value, and it is not seen that they"
                                    + " do not: give them types of their own or a required property with a const, or write anyOf");
                }
            }
        }
    }

    private static boolean areApart(JsonElement one, JsonElement other) {
        if (!one.isJsonObject() || !other.isJsonObject()) {
            return false;
        }
        JsonObject a = one.getAsJsonObject();
        JsonObject b = other.getAsJsonObject();
        Set<String> shared = types(a);
        Set<String> others = types(b);
        if (others.contains("number")) {
            others.add("integer");
        }
        if (shared.contains("number")) {
            shared.add("integer");
        }
        shared.retainAll(others);
        return shared.isEmpty() || shareNoConstant(a, b) || (shared.equals(Set.of("object")) && differ(a, b));
    }

    /** The types that a schema allows, all if it does not say. */
    private static Set<String> types(JsonObject schema) {
        Set<String> types = new TreeSet<>();
        if (schema.has("type")) {
            types.addAll(SchemaKeywords.types(schema.get("type")));
        } else if (!constants(schema).isEmpty()) {
            constants(schema).forEach(each -> types.add(type(each)));
        } else {
            types.addAll(Set.of("object", "array", "string", "number", "boolean", "null"));
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

    private static boolean differ(JsonObject a, JsonObject b) {
        for (String name : strings(a.get("required"))) {
            JsonObject one = property(a, name);
            JsonObject other = property(b, name);
            if (strings(b.get("required")).contains(name)
                    && one != null
                    && other != null
                    && shareNoConstant(one, other)) {
                return true;
            }
        }
        return false;
    }

    private static boolean shareNoConstant(JsonObject a, JsonObject b) {
        List<JsonElement> first = constants(a);
        List<JsonElement> second = constants(b);
        return !first.isEmpty()
                && !second.isEmpty()
                && first.stream().noneMatch(one -> second.stream().anyMatch(other -> isSame(one, other)));
    }

    private static boolean isSame(JsonElement one, JsonElement other) {
        boolean scalars = one.isJsonPrimitive() && other.isJsonPrimitive();
        boolean numbers = scalars
                && one.getAsJsonPrimitive().isNumber()
                && other.getAsJsonPrimitive().isNumber();
        boolean nested = !one.isJsonPrimitive() && !one.isJsonNull();
        return numbers
                ? one.getAsBigDecimal().compareTo(other.getAsBigDecimal()) == 0
                : one.equals(other) || (nested && !other.isJsonPrimitive() && !other.isJsonNull());
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

    private static Set<String> strings(@Nullable JsonElement list) {
        Set<String> strings = new TreeSet<>();
        if (list != null && list.isJsonArray()) {
            list.getAsJsonArray().forEach(each -> strings.add(each.isJsonPrimitive() ? each.getAsString() : ""));
        }
        return strings;
    }

    private static @Nullable JsonObject property(JsonObject schema, String name) {
        JsonElement properties = schema.get("properties");
        JsonElement property = properties != null && properties.isJsonObject()
                ? properties.getAsJsonObject().get(name)
                : null;
        return property != null && property.isJsonObject() ? property.getAsJsonObject() : null;
    }
}
