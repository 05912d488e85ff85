package io.github.internvl.internal.grammar;

import static io.github.internvl.internal.grammar.Refusal.at;
import static io.github.internvl.internal.grammar.Refusal.within;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * JSON schemas as terms. What is made of a schema is a part of what the schema allows: properties in its order, no properties
 * that it does not speak of unless it asks for such, numbers and strings in one way of writing. What cannot be held to is
 * refused. Not thread-safe.
 */
final class SchemaCompiler {
    private static final int DEEPEST = 200;

    private final Terms terms;
    private final JsonText json;
    private final SchemaDocument document;
    private final ValueCompiler values;
    private final Map<JsonElement, Term> shared = new HashMap<>();
    private Set<JsonElement> unguarded = new HashSet<>(); // shared schemas that nothing has been written for yet
    private int depth;

    SchemaCompiler(JsonText json, SchemaDocument document) {
        this.terms = json.terms();
        this.json = json;
        this.document = document;
        this.values = new ValueCompiler(json, this::nested);
    }

    /** The values that the whole schema allows. */
    Term compile() {
        Term term = value(document.root(), "#");
        if (!FiniteTerms.all(term)) {
            throw at(
                    "#",
                    "it must allow some value, and what it allows must come to an end: a schema that requires itself"
                            + " does not");
        }
        return term;
    }

    /** The values of a schema within an object or an array. */
    private Term nested(JsonElement schema, String pointer) {
        Set<JsonElement> outside = unguarded;
        unguarded = new HashSet<>();
        Term term = value(schema, pointer);
        unguarded = outside;
        return term;
    }

    private Term value(JsonElement schema, String pointer) {
        if (++depth > DEEPEST) {
            throw at(pointer, "schemas must not be nested deeper than " + DEEPEST);
        }
        try {
            if (schema.isJsonObject()) {
                SchemaKeywords.check(schema.getAsJsonObject(), pointer);
                return value(schema.getAsJsonObject(), pointer);
            }
            if (schema.equals(new JsonPrimitive(true)) || schema.equals(new JsonPrimitive(false))) {
                return schema.getAsBoolean() ? json.value() : terms.nothing;
            }
            throw at(pointer, "a schema must be an object, true or false: " + schema);
        } finally {
            depth--;
        }
    }

    private Term value(JsonObject schema, String pointer) {
        if (schema.has("$ref")) {
            return reference(schema, pointer);
        }
        if (schema.has("allOf")) {
            return all(schema, pointer);
        }
        if (schema.has("anyOf")) {
            return any(schema, "anyOf", pointer);
        }
        if (schema.has("oneOf")) {
            List<JsonElement> ways = list(schema, "oneOf", pointer);
            Alternatives.requireApart(ways, this::resolved, within(pointer, "oneOf"));
            return any(schema, "oneOf", pointer);
        }
        if (schema.has("const") || schema.has("enum")) {
            return constants(schema, pointer);
        }
        Set<String> types =
                schema.has("type") ? SchemaKeywords.types(schema.get("type")) : SchemaKeywords.impliedTypes(schema);
        if (types.isEmpty() && !schema.has("type")) {
            return json.value();
        }
        List<Term> ways = new ArrayList<>();
        types.forEach(type -> ways.add(values.ofType(type, schema, pointer)));
        return terms.choice(ways);
    }

    private Term reference(JsonObject schema, String pointer) {
        JsonElement target = target(schema, pointer);
        if (!SchemaKeywords.asks(schema, "$ref")) {
            return shared(target, pointer);
        }
        JsonArray both = new JsonArray();
        both.add(target);
        both.add(without(schema, "$ref"));
        JsonObject merged = new JsonObject();
        merged.add("allOf", both);
        return value(merged, pointer);
    }

    private JsonElement target(JsonObject schema, String pointer) {
        JsonElement reference = schema.get("$ref");
        if (!reference.isJsonPrimitive()) {
            throw at(within(pointer, "$ref"), "$ref must be a text: " + reference);
        }
        return document.find(reference.getAsString(), within(pointer, "$ref"));
    }

    /** The term of a schema that may come in several places, or in itself. */
    private Term shared(JsonElement schema, String pointer) {
        if (unguarded.contains(schema)) {
            throw at(pointer, "a schema must not refer to itself without an object or an array between");
        }
        Term known = shared.get(schema);
        if (known != null) {
            return known;
        }
        Term.Rule rule = terms.rule(false);
        shared.put(schema, rule);
        unguarded.add(schema);
        rule.body = value(schema, pointer);
        unguarded.remove(schema);
        Term made = rule.body == terms.nothing ? terms.nothing : rule;
        shared.put(schema, made);
        return made;
    }

    private Term all(JsonObject schema, String pointer) {
        List<JsonElement> parts = list(schema, "allOf", pointer);
        JsonObject rest = without(schema, "allOf");
        if (parts.size() == 1 && !SchemaKeywords.asks(rest)) {
            return value(parts.get(0), within(within(pointer, "allOf"), 0));
        }
        JsonObject merged = rest;
        for (JsonElement part : parts) {
            JsonElement own = resolved(part, pointer);
            if (own.equals(new JsonPrimitive(false))) {
                return terms.nothing;
            }
            if (own.isJsonObject()) {
                merged = SchemaMerge.of(merged, own.getAsJsonObject(), pointer);
            }
        }
        return shared(merged, pointer);
    }

    /** A schema without a reference or an {@code allOf} on its outside. */
    private JsonElement resolved(JsonElement schema, String pointer) {
        if (!schema.isJsonObject()) {
            return schema;
        }
        if (++depth > DEEPEST) {
            throw at(pointer, "a schema must not refer to itself without an object or an array between");
        }
        JsonObject object = schema.getAsJsonObject();
        SchemaKeywords.check(object, pointer);
        JsonElement plain = object;
        if (object.has("$ref")) {
            JsonElement target = resolved(target(object, pointer), pointer);
            JsonObject rest = without(object, "$ref");
            plain = target.isJsonObject() ? SchemaMerge.of(rest, target.getAsJsonObject(), pointer) : target;
        } else if (object.has("allOf")) {
            JsonObject merged = without(object, "allOf");
            for (JsonElement part : list(object, "allOf", pointer)) {
                JsonElement own = resolved(part, pointer);
                if (own.isJsonObject()) {
                    merged = SchemaMerge.of(merged, own.getAsJsonObject(), pointer);
                }
            }
            plain = merged;
        }
        depth--;
        return plain;
    }

    private Term any(JsonObject schema, String word, String pointer) {
        JsonObject rest = without(schema, word);
        boolean beside = SchemaKeywords.asks(rest);
        List<Term> ways = new ArrayList<>();
        List<JsonElement> parts = list(schema, word, pointer);
        for (int i = 0; i < parts.size(); i++) {
            String place = within(within(pointer, word), i);
            JsonElement part = parts.get(i);
            if (beside && part.isJsonObject()) {
                JsonElement own = resolved(part, place);
                part = own.isJsonObject() ? SchemaMerge.of(rest, own.getAsJsonObject(), place) : own;
            } else if (beside && part.equals(new JsonPrimitive(true))) {
                part = rest;
            }
            ways.add(value(part, place));
        }
        return terms.choice(ways);
    }

    /** Those constants that the rest of the schema allows. */
    private Term constants(JsonObject schema, String pointer) {
        List<JsonElement> constants = schema.has("enum") ? list(schema, "enum", pointer) : List.of(schema.get("const"));
        JsonObject rest = without(without(schema, "enum"), schema.has("enum") ? "enum" : "const");
        if (SchemaKeywords.asks(rest)) {
            Automaton allowed = new Automaton(terms, value(rest, pointer));
            constants = constants.stream()
                    .filter(each -> allowed.accepts(each.toString().getBytes(StandardCharsets.UTF_8)))
                    .toList();
        }
        return terms.choice(constants.stream().map(json::literal).toList());
    }

    private static List<JsonElement> list(JsonObject schema, String word, String pointer) {
        JsonElement list = schema.get(word);
        if (!list.isJsonArray() || list.getAsJsonArray().isEmpty()) {
            throw at(within(pointer, word), word + " must be a list of one or more: " + list);
        }
        return list.getAsJsonArray().asList();
    }

    private static JsonObject without(JsonObject schema, String word) {
        JsonObject rest = new JsonObject();
        schema.asMap().forEach((name, value) -> {
            if (!name.equals(word)) {
                rest.add(name, value);
            }
        });
        return rest;
    }
}
