package io.github.internvl.internal.grammar;

import static io.github.internvl.internal.grammar.Refusal.at;
import static io.github.internvl.internal.grammar.Refusal.unsupported;
import static io.github.internvl.internal.grammar.Refusal.within;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The values of one type that a schema allows; what it says of other types is passed over. */
final class ValueCompiler {
    private static final int LONGEST_LIMIT = 60;

    /** Compiles a schema within this one. */
    interface Nested {
        Term compile(JsonElement schema, String pointer);
    }

    private final JsonText json;
    private final Terms terms;
    private final Nested nested;

    ValueCompiler(JsonText json, Nested nested) {
        this.json = json;
        this.terms = json.terms();
        this.nested = nested;
    }

    Term ofType(String type, JsonObject schema, String pointer) {
        return switch (type) {
            case "object" -> object(schema, pointer);
            case "array" -> array(schema, pointer);
            case "string" -> string(schema, pointer);
            case "number" -> number(schema, json.number(), false, pointer);
            case "integer" -> number(schema, json.integer(JsonText.DIGITS), true, pointer);
            case "boolean" -> terms.choice(terms.literal("true"), terms.literal("false"));
            case "null" -> terms.literal("null");
            default -> throw at(within(pointer, "type"), "there is no such type: " + type);
        };
    }

    private record Property(Term pair, boolean required) {}

    private Term object(JsonObject schema, String pointer) {
        JsonElement additional = schema.get("additionalProperties");
        Map<String, JsonElement> named = new LinkedHashMap<>();
        if (schema.has("properties")) {
            JsonElement properties = schema.get("properties");
            if (!properties.isJsonObject()) {
                throw at(within(pointer, "properties"), "properties must be an object: " + properties);
            }
            named.putAll(properties.getAsJsonObject().asMap());
        }
        Set<String> required = required(schema, pointer);
        required.forEach(name -> named.putIfAbsent(name, additional == null ? new JsonPrimitive(true) : additional));
        boolean open = additional == null ? !schema.has("properties") : !additional.equals(new JsonPrimitive(false));
        checkCounts(schema, required.size(), open ? Integer.MAX_VALUE : named.size(), pointer);
        List<Property> properties = new ArrayList<>();
        named.forEach((name, own) -> {
            Term value = nested.compile(own, within(within(pointer, "properties"), name));
            Term pair = json.pair(json.literal(new JsonPrimitive(name)), value);
            properties.add(new Property(pair, required.contains(name)));
        });
        Term extra = terms.nothing;
        if (open) {
            JsonElement own = additional == null ? new JsonPrimitive(true) : additional;
            Term value = nested.compile(own, within(pointer, "additionalProperties"));
            extra = json.pair(named.isEmpty() ? json.string() : json.otherKey(named.keySet()), value);
        }
        return json.inBraces(members(properties, extra));
    }

    /** The properties in their order, each optional one there or not, then any number of extra ones. */
    private Term members(List<Property> properties, Term extra) {
        Term going = terms.any(terms.sequence(json.comma, extra)); // after another one
        Term fresh = json.list(extra, 0, Terms.UNBOUNDED);
        List<Property> backwards = new ArrayList<>(properties);
        Collections.reverse(backwards);
        for (Property property : backwards) {
            Term first = terms.sequence(property.pair(), going);
            Term further = terms.sequence(json.comma, property.pair(), going);
            fresh = property.required() ? first : terms.choice(first, fresh);
            going = property.required() ? further : terms.choice(further, going);
        }
        return fresh;
    }

    private static Set<String> required(JsonObject schema, String pointer) {
        Set<String> names = new LinkedHashSet<>();
        if (schema.has("required")) {
            JsonElement required = schema.get("required");
            boolean texts = required.isJsonArray()
                    && required.getAsJsonArray().asList().stream().allMatch(JsonElement::isJsonPrimitive);
            if (!texts) {
                throw at(within(pointer, "required"), "required must be a list of names: " + required);
            }
            required.getAsJsonArray().forEach(name -> names.add(name.getAsString()));
        }
        return names;
    }

    private static void checkCounts(JsonObject schema, int fewest, int most, String pointer) {
        if (count(schema, "minProperties", 0, pointer) > fewest) {
            throw unsupported(
                    within(pointer, "minProperties"),
                    "minProperties must not be above the number of required properties, " + fewest
                            + ", as others are not counted; name more in required");
        }
        if (count(schema, "maxProperties", Integer.MAX_VALUE, pointer) < most) {
            throw unsupported(
                    within(pointer, "maxProperties"),
                    "maxProperties must not be below the number of possible properties, "
                            + "as they are not counted; set additionalProperties to false and name fewer");
        }
    }

    private Term array(JsonObject schema, String pointer) {
        JsonElement items = schema.get("items");
        String word = "items";
        List<JsonElement> first = List.of();
        if (schema.has("prefixItems") || (items != null && items.isJsonArray())) {
            JsonElement prefix = schema.has("prefixItems") ? schema.get("prefixItems") : items;
            if (!prefix.isJsonArray()) {
                throw at(within(pointer, "prefixItems"), "prefixItems must be a list of schemas: " + prefix);
            }
            first = prefix.getAsJsonArray().asList();
            word = schema.has("prefixItems") ? "items" : "additionalItems";
            items = schema.has(word) ? schema.get(word) : new JsonPrimitive(false);
        }
        int min = count(schema, "minItems", 0, pointer);
        int max = count(schema, "maxItems", Terms.UNBOUNDED, pointer);
        int fixed = Math.min(first.size(), max);
        List<Term> parts = new ArrayList<>();
        for (int i = 0; i < fixed; i++) {
            parts.add(i == 0 ? terms.empty : json.comma);
            parts.add(nested.compile(first.get(i), within(within(pointer, "prefixItems"), i)));
        }
        Term item = max == fixed
                ? terms.nothing
                : nested.compile(items == null ? new JsonPrimitive(true) : items, within(pointer, word));
        if (fixed == 0) {
            return json.inBrackets(json.list(item, min, max));
        }
        int more = max == Terms.UNBOUNDED ? max : max - fixed;
        parts.add(terms.repeat(terms.sequence(json.comma, item), Math.max(0, min - fixed), more));
        return json.inBrackets(terms.sequence(parts.toArray(Term[]::new)));
    }

    private Term string(JsonObject schema, String pointer) {
        Term any = terms.any(json.character);
        @Nullable Term content = null;
        if (schema.has("pattern")) {
            String place = within(pointer, "pattern");
            content = RegexParser.parse(
                    terms, json::written, any, "the pattern at " + place, text(schema, "pattern", pointer));
        }
        if (schema.has("format")) {
            String format = text(schema, "format", pointer);
            String expression = StringFormats.expression(format);
            if (expression == null) {
                throw unsupported(
                        within(pointer, "format"),
                        "the format " + format + " is not supported; there are " + StringFormats.names()
                                + "; write others as a pattern");
            }
            content = both(content, RegexParser.parse(terms, json::written, terms.empty, format, expression));
        }
        if (schema.has("minLength") || schema.has("maxLength")) {
            int min = count(schema, "minLength", 0, pointer);
            int max = count(schema, "maxLength", Terms.UNBOUNDED, pointer);
            content = both(content, terms.repeat(json.character, min, max));
        }
        return json.quoted(content == null ? any : content);
    }

    private Term both(@Nullable Term one, Term other) {
        return one == null ? other : Intersection.of(terms, one, other);
    }

    private Term number(JsonObject schema, Term any, boolean whole, String pointer) {
        NumberRange ranges = new NumberRange(terms);
        List<Term> sides = new ArrayList<>();
        int digits = JsonText.DIGITS;
        for (String word : List.of("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")) {
            BigDecimal limit = schema.has(word) ? limit(schema, word, pointer) : null;
            if (limit != null) {
                boolean exclusive = word.startsWith("exclusive");
                sides.add(word.endsWith("inimum") ? ranges.atLeast(limit, exclusive) : ranges.atMost(limit, exclusive));
                digits = Math.max(digits, limit.toPlainString().length() + 1);
            }
        }
        if (schema.has("format") && List.of("int32", "int64").contains(text(schema, "format", pointer))) {
            boolean wide = text(schema, "format", pointer).equals("int64");
            sides.add(ranges.atLeast(BigDecimal.valueOf(wide ? Long.MIN_VALUE : Integer.MIN_VALUE), false));
            sides.add(ranges.atMost(BigDecimal.valueOf(wide ? Long.MAX_VALUE : Integer.MAX_VALUE), false));
        }
        if (sides.isEmpty()) {
            return any;
        }
        Term number = whole ? json.integer(digits) : json.decimal(digits);
        for (Term side : sides) {
            number = Intersection.of(terms, number, side);
        }
        return number;
    }

    /**
     * A limit of numbers, with as many digits as are held to, rounded so that what it allows is allowed; null for one that no
     * number reaches.
     */
    private static @Nullable BigDecimal limit(JsonObject schema, String word, String pointer) {
        boolean least = word.endsWith("inimum");
        JsonNumber limit = JsonNumber.of(schema.get(word), word, within(pointer, word));
        if (limit.magnitude() > LONGEST_LIMIT) {
            if (limit.sign() == (least ? 1 : -1)) {
                throw unsupported(
                        within(pointer, word),
                        word + " must be reached by a number of at most " + LONGEST_LIMIT + " digits");
            }
            return null;
        }
        return limit.rounded(LONGEST_LIMIT, least ? RoundingMode.CEILING : RoundingMode.FLOOR);
    }

    private static int count(JsonObject schema, String word, int absent, String pointer) {
        if (!schema.has(word)) {
            return absent;
        }
        JsonNumber count = JsonNumber.of(schema.get(word), word, within(pointer, word));
        if (count.sign() < 0 || !count.isWhole()) {
            throw at(
                    within(pointer, word),
                    word + " must be a whole number of 0 or more: " + Refusal.quote(schema.get(word)));
        }
        return Math.min(count.count(), absent == 0 ? Integer.MAX_VALUE - 1 : absent);
    }

    private static String text(JsonObject schema, String word, String pointer) {
        JsonElement value = schema.get(word);
        boolean text = value.isJsonPrimitive() && value.getAsJsonPrimitive().isString();
        if (!text) {
            throw at(within(pointer, word), word + " must be a text: " + value);
        }
        return value.getAsString();
    }
}
