package io.github.internvl.internal.grammar;

import static io.github.internvl.internal.grammar.Refusal.at;
import static io.github.internvl.internal.grammar.Refusal.within;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * JSON schemas as terms. The term of a schema allows a part of its values: properties in its order, no properties
 * that it does not speak of unless it asks for such, numbers and strings in one way of writing. A schema that answers cannot be held to is
 * refused, unless it is one of several alternatives. Its term is found again by the schema's identity, however
 * many references lead to it. Not thread-safe.
 */
final class SchemaCompiler {
    private static final int DEEPEST = 200;

    /** A schema that is being compiled, with the rule that stands for it where it comes in itself. */
    private static final class Open {
        private Term.@Nullable Rule rule;
    }

    private final Terms terms;
    private final JsonText json;
    private final SchemaDocument document;
    private final SchemaIdentity identity;
    private final ValueCompiler values;
    private final IdentityHashMap<JsonElement, Term> compiled = new IdentityHashMap<>();
    private final IdentityHashMap<JsonElement, String> dropped =
            new IdentityHashMap<>(); // what cannot be held to, and why
    private final List<JsonElement> order = new ArrayList<>(); // of what was compiled
    private final IdentityHashMap<JsonElement, Open> open = new IdentityHashMap<>();
    private final IdentityHashMap<JsonElement, JsonElement> resolved = new IdentityHashMap<>();
    private final Set<JsonElement> resolving = Collections.newSetFromMap(new IdentityHashMap<>());
    private Set<JsonElement> unguarded =
            Collections.newSetFromMap(new IdentityHashMap<>()); // open schemas that nothing has been written for yet
    private int depth;

    SchemaCompiler(JsonText json, SchemaDocument document) {
        this.terms = json.terms();
        this.json = json;
        this.document = document;
        this.identity = new SchemaIdentity(terms::charge);
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
        unguarded = Collections.newSetFromMap(new IdentityHashMap<>());
        try {
            return value(schema, pointer);
        } finally {
            unguarded = outside;
        }
    }

    private Term value(JsonElement schema, String pointer) {
        if (schema.equals(new JsonPrimitive(true)) || schema.equals(new JsonPrimitive(false))) {
            return schema.getAsBoolean() ? json.value() : terms.nothing;
        }
        if (!schema.isJsonObject()) {
            throw at(pointer, "a schema must be an object, true or false: " + Refusal.quote(schema));
        }
        String why = dropped.get(schema);
        if (why != null) {
            throw new UnsupportedFormatException(why);
        }
        Term known = compiled.get(schema);
        return known != null ? known : open.containsKey(schema) ? again(schema, pointer) : first(schema, pointer);
    }

    /** The term of a schema that comes in itself. */
    private Term again(JsonElement schema, String pointer) {
        if (unguarded.contains(schema)) {
            throw at(pointer, "a schema must not refer to itself without an object or an array between");
        }
        Open own = Objects.requireNonNull(open.get(schema));
        Term.Rule rule = own.rule == null ? terms.rule(false) : own.rule;
        own.rule = rule;
        return rule;
    }

    private Term first(JsonElement schema, String pointer) {
        if (depth == DEEPEST) {
            throw at(pointer, "schemas must not be nested deeper than " + DEEPEST);
        }
        terms.charge(1 + schema.getAsJsonObject().size());
        Open own = new Open();
        open.put(schema, own);
        unguarded.add(schema);
        depth++;
        try {
            SchemaKeywords.check(schema.getAsJsonObject(), pointer);
            Term term = value(schema.getAsJsonObject(), pointer);
            if (own.rule != null) {
                own.rule.body = term;
                term = term == terms.nothing ? term : own.rule;
            }
            compiled.put(schema, term);
            order.add(schema);
            return term;
        } catch (UnsupportedFormatException e) {
            dropped.put(schema, String.valueOf(e.getMessage()));
            throw e;
        } finally {
            depth--;
            unguarded.remove(schema);
            open.remove(schema);
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
            List<JsonElement> ways = list(schema, "oneOf", pointer).stream()
                    .map(way -> resolved(way, pointer))
                    .toList();
            new Alternatives(identity, terms::charge).requireApart(ways, within(pointer, "oneOf"));
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
        return value(
                SchemaKeywords.asks(schema, "$ref") ? identity.allOf(target, identity.without(schema, "$ref")) : target,
                pointer);
    }

    private JsonElement target(JsonObject schema, String pointer) {
        JsonElement reference = schema.get("$ref");
        if (!reference.isJsonPrimitive()) {
            throw at(within(pointer, "$ref"), "$ref must be a text: " + Refusal.quote(reference));
        }
        return document.find(reference.getAsString(), within(pointer, "$ref"));
    }

    private Term all(JsonObject schema, String pointer) {
        List<JsonElement> parts = list(schema, "allOf", pointer);
        if (parts.size() == 1 && !SchemaKeywords.asks(schema, "allOf")) {
            return value(parts.get(0), within(within(pointer, "allOf"), 0));
        }
        JsonElement merged = resolved(schema, pointer);
        return value(merged, pointer);
    }

    /** A schema without a reference or an {@code allOf} on its outside. */
    private JsonElement resolved(JsonElement schema, String pointer) {
        if (!schema.isJsonObject()) {
            return schema;
        }
        JsonElement known = resolved.get(schema);
        if (known != null) {
            return known;
        }
        if (resolving.size() == DEEPEST || !resolving.add(schema)) {
            throw at(pointer, "a schema must not refer to itself without an object or an array between");
        }
        try {
            JsonObject object = schema.getAsJsonObject();
            terms.charge(1 + object.size());
            SchemaKeywords.check(object, pointer);
            JsonElement plain = object;
            if (object.has("$ref")) {
                plain = both(identity.without(object, "$ref"), resolved(target(object, pointer), pointer), pointer);
                plain = resolved(plain, pointer); // what stands beside it may have an allOf
            } else if (object.has("allOf")) {
                plain = identity.without(object, "allOf");
                for (JsonElement part : list(object, "allOf", pointer)) {
                    plain = both(plain, resolved(part, pointer), pointer);
                }
            }
            resolved.put(schema, plain);
            return plain;
        } finally {
            resolving.remove(schema);
        }
    }

    /** A schema for two that are resolved. */
    private JsonElement both(JsonElement one, JsonElement other, String pointer) {
        if (one.isJsonObject() && other.isJsonObject()) {
            return SchemaMerge.of(identity, one.getAsJsonObject(), other.getAsJsonObject(), pointer);
        }
        return identity.allOf(one, other); // one of them is true or false
    }

    private Term any(JsonObject schema, String word, String pointer) {
        JsonObject rest = identity.without(schema, word);
        boolean beside = SchemaKeywords.asks(rest);
        List<Term> ways = new ArrayList<>();
        List<JsonElement> parts = list(schema, word, pointer);
        UnsupportedFormatException first = null;
        for (int i = 0; i < parts.size(); i++) {
            String place = within(within(pointer, word), i);
            int before = order.size();
            try {
                JsonElement part = parts.get(i);
                ways.add(value(beside ? both(rest, resolved(part, place), place) : part, place));
            } catch (UnsupportedFormatException e) {
                first = first == null ? e : first;
                forget(before);
            }
        }
        Term term = terms.choice(ways);
        if (first != null && term == terms.nothing) {
            throw first;
        }
        return term;
    }

    /** Forgets what was compiled since: it may hold rules of a schema that was dropped half-way. */
    private void forget(int before) {
        List<JsonElement> since = order.subList(before, order.size());
        since.forEach(compiled::remove);
        since.clear();
    }

    /** The constants that the rest of the schema allows. */
    private Term constants(JsonObject schema, String pointer) {
        boolean several = schema.has("enum");
        List<JsonElement> constants = several ? list(schema, "enum", pointer) : List.of(schema.get("const"));
        JsonObject rest = identity.without(schema, several ? "enum" : "const");
        if (SchemaKeywords.asks(rest)) {
            Automaton allowed = new Automaton(terms, value(rest, pointer));
            constants = constants.stream()
                    .filter(each -> allowed.accepts(each.toString().getBytes(StandardCharsets.UTF_8)))
                    .toList();
        }
        return json.literals(constants);
    }

    private static List<JsonElement> list(JsonObject schema, String word, String pointer) {
        JsonElement list = schema.get(word);
        if (!list.isJsonArray() || list.getAsJsonArray().isEmpty()) {
            throw at(within(pointer, word), word + " must be a list of one or more: " + Refusal.quote(list));
        }
        return list.getAsJsonArray().asList();
    }
}
