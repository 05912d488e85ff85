package io.github.internvl.grammar;

import static io.github.internvl.grammar.SchemaError.at;
import static io.github.internvl.grammar.SchemaError.within;

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
 * The compiler of JSON schemas into expressions. The expression of a schema allows a part of its values: properties in the
 * order of the schema, no unnamed properties unless the schema asks for them, and one way of writing numbers and strings. A
 * schema that is not supported is rejected, unless it is one of several alternatives. Compiled schemas are found again by
 * identity, however many references lead to them. Not thread-safe.
 */
final class SchemaCompiler {
    private static final int DEEPEST = 200;

    /** A schema that is being compiled, with the rule that stands for it where it comes in itself. */
    private static final class Open {
        private Expr.@Nullable Rule rule;
    }

    private final Exprs exprs;
    private final JsonText json;
    private final SchemaDocument document;
    private final SchemaIdentity identity;
    private final ValueCompiler values;
    private final IdentityHashMap<JsonElement, Expr> compiled = new IdentityHashMap<>();
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
        this.exprs = json.exprs();
        this.json = json;
        this.document = document;
        this.identity = new SchemaIdentity(exprs::charge);
        this.values = new ValueCompiler(json, this::nested);
    }

    /** The values that the whole schema allows. */
    Expr compile() {
        Expr expr = value(document.root(), "#");
        if (!FiniteExprs.all(expr)) {
            throw at(
                    "#",
                    "it must allow some value, and what it allows must come to an end: a schema that requires itself"
                            + " does not");
        }
        return expr;
    }

    /** The values of a schema within an object or an array. */
    private Expr nested(JsonElement schema, String pointer) {
        Set<JsonElement> outside = unguarded;
        unguarded = Collections.newSetFromMap(new IdentityHashMap<>());
        try {
            return value(schema, pointer);
        } finally {
            unguarded = outside;
        }
    }

    private Expr value(JsonElement schema, String pointer) {
        if (schema.equals(new JsonPrimitive(true)) || schema.equals(new JsonPrimitive(false))) {
            return schema.getAsBoolean() ? json.value() : exprs.nothing;
        }
        if (!schema.isJsonObject()) {
            throw at(pointer, "a schema must be an object, true or false: " + SchemaError.quote(schema));
        }
        String why = dropped.get(schema);
        if (why != null) {
            throw new UnsupportedGrammarException(why);
        }
        Expr known = compiled.get(schema);
        return known != null ? known : open.containsKey(schema) ? again(schema, pointer) : first(schema, pointer);
    }

    /** The expression of a schema that comes in itself. */
    private Expr again(JsonElement schema, String pointer) {
        if (unguarded.contains(schema)) {
            throw at(pointer, "a schema must not refer to itself without an object or an array between");
        }
        Open own = Objects.requireNonNull(open.get(schema));
        Expr.Rule rule = own.rule == null ? exprs.rule(false) : own.rule;
        own.rule = rule;
        return rule;
    }

    private Expr first(JsonElement schema, String pointer) {
        if (depth == DEEPEST) {
            throw at(pointer, "schemas must not be nested deeper than " + DEEPEST);
        }
        exprs.charge(1 + schema.getAsJsonObject().size());
        Open own = new Open();
        open.put(schema, own);
        unguarded.add(schema);
        depth++;
        try {
            SchemaKeywords.check(schema.getAsJsonObject(), pointer);
            Expr expr = value(schema.getAsJsonObject(), pointer);
            if (own.rule != null) {
                own.rule.body = expr;
                expr = expr == exprs.nothing ? expr : own.rule;
            }
            compiled.put(schema, expr);
            order.add(schema);
            return expr;
        } catch (UnsupportedGrammarException e) {
            dropped.put(schema, String.valueOf(e.getMessage()));
            throw e;
        } finally {
            depth--;
            unguarded.remove(schema);
            open.remove(schema);
        }
    }

    private Expr value(JsonObject schema, String pointer) {
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
            new OneOfCheck(identity, exprs::charge).requireApart(ways, within(pointer, "oneOf"));
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
        List<Expr> ways = new ArrayList<>();
        types.forEach(type -> ways.add(values.ofType(type, schema, pointer)));
        return exprs.choice(ways);
    }

    private Expr reference(JsonObject schema, String pointer) {
        JsonElement target = target(schema, pointer);
        return value(
                SchemaKeywords.asks(schema, "$ref") ? identity.allOf(target, identity.without(schema, "$ref")) : target,
                pointer);
    }

    private JsonElement target(JsonObject schema, String pointer) {
        JsonElement reference = schema.get("$ref");
        if (!reference.isJsonPrimitive()) {
            throw at(within(pointer, "$ref"), "$ref must be a text: " + SchemaError.quote(reference));
        }
        return document.find(reference.getAsString(), within(pointer, "$ref"));
    }

    private Expr all(JsonObject schema, String pointer) {
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
            exprs.charge(1 + object.size());
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

    private Expr any(JsonObject schema, String word, String pointer) {
        JsonObject rest = identity.without(schema, word);
        boolean beside = SchemaKeywords.asks(rest);
        List<Expr> ways = new ArrayList<>();
        List<JsonElement> parts = list(schema, word, pointer);
        UnsupportedGrammarException first = null;
        for (int i = 0; i < parts.size(); i++) {
            String place = within(within(pointer, word), i);
            int before = order.size();
            try {
                JsonElement part = parts.get(i);
                ways.add(value(beside ? both(rest, resolved(part, place), place) : part, place));
            } catch (UnsupportedGrammarException e) {
                first = first == null ? e : first;
                forget(before);
            }
        }
        Expr expr = exprs.choice(ways);
        if (first != null && expr == exprs.nothing) {
            throw first;
        }
        return expr;
    }

    /** Forgets what was compiled since: it may hold rules of a schema that was dropped half-way. */
    private void forget(int before) {
        List<JsonElement> since = order.subList(before, order.size());
        since.forEach(compiled::remove);
        since.clear();
    }

    /** The constants that the rest of the schema allows. */
    private Expr constants(JsonObject schema, String pointer) {
        boolean several = schema.has("enum");
        List<JsonElement> constants = several ? list(schema, "enum", pointer) : List.of(schema.get("const"));
        JsonObject rest = identity.without(schema, several ? "enum" : "const");
        if (SchemaKeywords.asks(rest)) {
            Automaton allowed = new Automaton(exprs, value(rest, pointer));
            constants = constants.stream()
                    .filter(each -> allowed.accepts(each.toString().getBytes(StandardCharsets.UTF_8)))
                    .toList();
        }
        return json.literals(constants);
    }

    private static List<JsonElement> list(JsonObject schema, String word, String pointer) {
        JsonElement list = schema.get(word);
        if (!list.isJsonArray() || list.getAsJsonArray().isEmpty()) {
            throw at(within(pointer, word), word + " must be a list of one or more: " + SchemaError.quote(list));
        }
        return list.getAsJsonArray().asList();
    }
}
