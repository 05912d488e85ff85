package io.github.internvl.grammar;

import static io.github.internvl.grammar.SchemaError.at;
import static io.github.internvl.grammar.SchemaError.unsupported;
import static io.github.internvl.grammar.SchemaError.within;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * The merge of two schemas into one that requires both, a level deep: where both constrain the same part, that part gets an
 * {@code allOf}. It serves {@code allOf}, and keywords beside {@code $ref}, {@code anyOf} and {@code oneOf}.
 */
final class SchemaMerge {
    private static final String PROPERTIES = "properties";
    private static final String ADDITIONAL = "additionalProperties";
    private static final Set<String> LARGER =
            Set.of("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties");
    private static final Set<String> SMALLER =
            Set.of("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties");

    private static final int MEMBER_STEPS =
            3; // for each that is copied, which takes the memory of an expression and more

    private final SchemaIdentity identity;
    private final String pointer;

    private SchemaMerge(SchemaIdentity identity, String pointer) {
        this.identity = identity;
        this.pointer = pointer;
    }

    /** One schema for two, the same object for the same two; {@code pointer} is where they stand. */
    static JsonObject of(SchemaIdentity identity, JsonObject one, JsonObject other, String pointer) {
        if (SchemaIdentity.isSame(one, other) || !SchemaKeywords.asks(one)) {
            return other;
        }
        return SchemaKeywords.asks(other)
                ? identity.made("merge", () -> new SchemaMerge(identity, pointer).merged(one, other), one, other)
                : one;
    }

    private JsonObject merged(JsonObject one, JsonObject other) {
        JsonObject merged = new JsonObject();
        Set<String> names = new LinkedHashSet<>(one.keySet());
        names.addAll(other.keySet());
        for (String name : names) {
            boolean ofObjects = name.equals(PROPERTIES) || name.equals(ADDITIONAL);
            if (!ofObjects) {
                JsonElement a = one.get(name);
                JsonElement b = other.get(name);
                merged.add(name, a == null ? b : b == null ? a : both(name, a, b));
            }
        }
        objects(one, other, merged);
        return merged;
    }

    private JsonElement both(String name, JsonElement a, JsonElement b) {
        if (!SchemaKeywords.MEANT.contains(name) || identity.areEqual(a, b)) {
            return a;
        }
        if (LARGER.contains(name)) {
            return number(name, a).compareTo(number(name, b)) >= 0 ? a : b;
        }
        if (SMALLER.contains(name)) {
            return number(name, a).compareTo(number(name, b)) <= 0 ? a : b;
        }
        return switch (name) {
            case "required" -> union(list(name, a), list(name, b));
            case "type" -> types(a, b);
            case "enum" -> shared(list(name, a), list(name, b));
            case "items" -> identity.allOf(a, b);
            default -> throw unsupported(pointer, "two different " + name + " cannot be merged; write them as one");
        };
    }

    private JsonNumber number(String name, JsonElement element) {
        return JsonNumber.of(element, name, within(pointer, name));
    }

    private void objects(JsonObject one, JsonObject other, JsonObject merged) {
        Map<String, JsonElement> properties = new LinkedHashMap<>();
        JsonObject first = properties(one);
        JsonObject second = properties(other);
        identity.charge((long) MEMBER_STEPS * (first.size() + second.size()));
        first.asMap()
                .forEach((name, schema) -> properties.put(
                        name,
                        second.has(name)
                                ? identity.allOf(schema, second.get(name))
                                : identity.allOf(schema, beyond(other))));
        second.asMap().forEach((name, schema) -> properties.putIfAbsent(name, identity.allOf(schema, beyond(one))));
        if (one.has(PROPERTIES) || other.has(PROPERTIES)) {
            JsonObject all = new JsonObject();
            properties.forEach(all::add);
            merged.add(PROPERTIES, all);
        }
        if (one.has(ADDITIONAL) && other.has(ADDITIONAL)) {
            merged.add(ADDITIONAL, identity.allOf(one.get(ADDITIONAL), other.get(ADDITIONAL)));
        } else if (one.has(ADDITIONAL) || other.has(ADDITIONAL)) {
            merged.add(ADDITIONAL, one.has(ADDITIONAL) ? one.get(ADDITIONAL) : other.get(ADDITIONAL));
        }
    }

    private JsonObject properties(JsonObject schema) {
        JsonElement properties = schema.has(PROPERTIES) ? schema.get(PROPERTIES) : new JsonObject();
        if (!properties.isJsonObject()) {
            throw at(pointer, "properties must be an object: " + properties);
        }
        return properties.getAsJsonObject();
    }

    /** The schema of properties that a schema does not name. */
    private static JsonElement beyond(JsonObject schema) {
        return schema.has(ADDITIONAL) ? schema.get(ADDITIONAL) : new JsonPrimitive(true);
    }

    private JsonArray list(String name, JsonElement list) {
        if (!list.isJsonArray()) {
            throw at(within(pointer, name), name + " must be a list: " + SchemaError.quote(list));
        }
        return list.getAsJsonArray();
    }

    private JsonArray union(JsonArray a, JsonArray b) {
        identity.charge((long) MEMBER_STEPS * (a.size() + b.size()));
        Set<JsonElement> all = new LinkedHashSet<>(a.asList());
        all.addAll(b.asList());
        JsonArray union = new JsonArray();
        all.forEach(union::add);
        return union;
    }

    private JsonArray shared(JsonArray a, JsonArray b) {
        Set<String> others = new HashSet<>();
        b.forEach(each -> others.add(identity.canonical(each)));
        JsonArray shared = new JsonArray();
        a.asList().stream()
                .filter(each -> others.contains(identity.canonical(each)))
                .forEach(shared::add);
        return shared;
    }

    /** The types of both: an integer is a number too. */
    private static JsonArray types(JsonElement a, JsonElement b) {
        JsonArray types = new JsonArray();
        Set<String> first = SchemaKeywords.types(a);
        Set<String> second = SchemaKeywords.types(b);
        for (String type : first) {
            if (second.contains(type) || (type.equals("integer") && second.contains("number"))) {
                types.add(type);
            } else if (type.equals("number") && second.contains("integer")) {
                types.add("integer");
            }
        }
        return types;
    }
}
