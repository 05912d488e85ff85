package io.github.internvl.grammar;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.TreeSet;

/** The keywords of JSON Schema: supported ones, annotations, and the rejected rest. */
final class SchemaKeywords {
    private static final Set<String> OBJECT =
            Set.of("properties", "required", "additionalProperties", "minProperties", "maxProperties");
    private static final Set<String> ARRAY = Set.of("items", "prefixItems", "additionalItems", "minItems", "maxItems");
    private static final Set<String> STRING = Set.of("minLength", "maxLength", "pattern");
    private static final Set<String> NUMBER = Set.of("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum");

    /** Keywords that are enforced. */
    static final Set<String> MEANT = meant();

    /** Keywords that restrict values and are not supported. */
    private static final Set<String> REFUSED = Set.of(
            "not",
            "if",
            "then",
            "else",
            "contains",
            "minContains",
            "maxContains",
            "uniqueItems",
            "multipleOf",
            "patternProperties",
            "propertyNames",
            "dependencies",
            "dependentRequired",
            "dependentSchemas",
            "unevaluatedItems",
            "unevaluatedProperties",
            "$dynamicRef",
            "$recursiveRef");

    private SchemaKeywords() {}

    private static Set<String> meant() {
        Set<String> all = new TreeSet<>(Set.of("type", "enum", "const", "format", "$ref", "allOf", "anyOf", "oneOf"));
        all.addAll(OBJECT);
        all.addAll(ARRAY);
        all.addAll(STRING);
        all.addAll(NUMBER);
        return Set.copyOf(all);
    }

    /** Rejects a schema with a keyword that is neither enforced nor an annotation. */
    static void check(JsonObject schema, String pointer) {
        for (String name : schema.keySet()) {
            boolean closed = name.equals("unevaluatedProperties") && schema.has("properties") && !isOpen(schema);
            boolean harmless =
                    schema.get(name).equals(new JsonPrimitive(false)) && (closed || name.equals("uniqueItems"));
            if (REFUSED.contains(name) && !harmless) {
                throw SchemaError.unsupported(
                        SchemaError.within(pointer, name),
                        "the keyword " + name
                                + " is not supported, so that the answer would not be held to it; leave it"
                                + " out and check the answer for it");
            }
        }
    }

    private static boolean isOpen(JsonObject schema) {
        return schema.has("additionalProperties");
    }

    /** Whether a schema holds values to something, beside some words. */
    static boolean asks(JsonObject schema, String... beside) {
        Set<String> names = new LinkedHashSet<>(schema.keySet());
        names.removeAll(Set.of(beside));
        return names.stream().anyMatch(MEANT::contains);
    }

    /** The types of a {@code type}. */
    static Set<String> types(JsonElement type) {
        Set<String> types = new LinkedHashSet<>();
        if (type.isJsonArray()) {
            type.getAsJsonArray().forEach(each -> types.add(text(each)));
        } else {
            types.add(text(type));
        }
        return types;
    }

    private static String text(JsonElement element) {
        return element.isJsonPrimitive() ? element.getAsString() : element.toString();
    }

    /** The types that a schema without {@code type} is about; empty if it says nothing of any. */
    static Set<String> impliedTypes(JsonObject schema) {
        Set<String> types = new LinkedHashSet<>();
        imply(types, "object", OBJECT, schema);
        imply(types, "array", ARRAY, schema);
        imply(types, "string", STRING, schema);
        imply(types, "number", NUMBER, schema);
        if (types.isEmpty() && schema.has("format")) {
            types.add("string");
        }
        return types;
    }

    private static void imply(Set<String> types, String type, Set<String> words, JsonObject schema) {
        if (words.stream().anyMatch(schema::has)) {
            types.add(type);
        }
    }
}
