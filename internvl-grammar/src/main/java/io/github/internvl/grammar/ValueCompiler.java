package io.github.internvl.grammar;

import static io.github.internvl.grammar.SchemaError.at;
import static io.github.internvl.grammar.SchemaError.unsupported;
import static io.github.internvl.grammar.SchemaError.within;

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

/** The compiler for the values of one type that a schema allows; keywords of other types are ignored. */
final class ValueCompiler {
    private static final int LONGEST_LIMIT = 60;

    /** Compiles a schema within this one. */
    interface Nested {
        Expr compile(JsonElement schema, String pointer);
    }

    private final JsonText json;
    private final Exprs exprs;
    private final Nested nested;

    ValueCompiler(JsonText json, Nested nested) {
        this.json = json;
        this.exprs = json.exprs();
        this.nested = nested;
    }

    Expr ofType(String type, JsonObject schema, String pointer) {
        return switch (type) {
            case "object" -> object(schema, pointer);
            case "array" -> array(schema, pointer);
            case "string" -> string(schema, pointer);
            case "number" -> number(schema, json.number(), false, pointer);
            case "integer" -> number(schema, json.integer(JsonText.DIGITS), true, pointer);
            case "boolean" -> exprs.choice(exprs.literal("true"), exprs.literal("false"));
            case "null" -> exprs.literal("null");
            default -> throw at(within(pointer, "type"), "there is no such type: " + type);
        };
    }

    private record Property(Expr pair, boolean required) {}

    private Expr object(JsonObject schema, String pointer) {
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
            Expr value = nested.compile(own, within(within(pointer, "properties"), name));
            Expr pair = json.pair(json.literal(new JsonPrimitive(name)), value);
            properties.add(new Property(pair, required.contains(name)));
        });
        Expr extra = exprs.nothing;
        if (open) {
            JsonElement own = additional == null ? new JsonPrimitive(true) : additional;
            Expr value = nested.compile(own, within(pointer, "additionalProperties"));
            extra = json.pair(named.isEmpty() ? json.string() : json.otherKey(named.keySet()), value);
        }
        return json.inBraces(members(properties, extra));
    }

    /** The properties in their order, each optional one there or not, then any number of extra ones. */
    private Expr members(List<Property> properties, Expr extra) {
        Expr going = exprs.any(exprs.sequence(json.comma, extra)); // after another one
        Expr fresh = json.list(extra, 0, Exprs.UNBOUNDED);
        List<Property> backwards = new ArrayList<>(properties);
        Collections.reverse(backwards);
        for (Property property : backwards) {
            Expr first = exprs.sequence(property.pair(), going);
            Expr further = exprs.sequence(json.comma, property.pair(), going);
            fresh = property.required() ? first : exprs.choice(first, fresh);
            going = property.required() ? further : exprs.choice(further, going);
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

    private Expr array(JsonObject schema, String pointer) {
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
        int max = count(schema, "maxItems", Exprs.UNBOUNDED, pointer);
        int fixed = Math.min(first.size(), max);
        List<Expr> parts = new ArrayList<>();
        for (int i = 0; i < fixed; i++) {
            parts.add(i == 0 ? exprs.empty : json.comma);
            parts.add(nested.compile(first.get(i), within(within(pointer, "prefixItems"), i)));
        }
        Expr item = max == fixed
                ? exprs.nothing
                : nested.compile(items == null ? new JsonPrimitive(true) : items, within(pointer, word));
        if (fixed == 0) {
            return json.inBrackets(json.list(item, min, max));
        }
        int more = max == Exprs.UNBOUNDED ? max : max - fixed;
        parts.add(exprs.repeat(exprs.sequence(json.comma, item), Math.max(0, min - fixed), more));
        return json.inBrackets(exprs.sequence(parts.toArray(Expr[]::new)));
    }

    private Expr string(JsonObject schema, String pointer) {
        Expr any = exprs.any(json.character);
        @Nullable Expr content = null;
        if (schema.has("pattern")) {
            String place = within(pointer, "pattern");
            content = RegexParser.parse(
                    exprs, json::written, any, "the pattern at " + place, text(schema, "pattern", pointer));
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
            content = both(content, RegexParser.parse(exprs, json::written, exprs.empty, format, expression));
        }
        if (schema.has("minLength") || schema.has("maxLength")) {
            int min = count(schema, "minLength", 0, pointer);
            int max = count(schema, "maxLength", Exprs.UNBOUNDED, pointer);
            content = both(content, exprs.repeat(json.character, min, max));
        }
        return json.quoted(content == null ? any : content);
    }

    private Expr both(@Nullable Expr one, Expr other) {
        return one == null ? other : Intersection.of(exprs, one, other);
    }

    private Expr number(JsonObject schema, Expr any, boolean whole, String pointer) {
        NumberRange ranges = new NumberRange(exprs);
        List<Expr> sides = new ArrayList<>();
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
        Expr number = whole ? json.integer(digits) : json.decimal(digits);
        for (Expr side : sides) {
            number = Intersection.of(exprs, number, side);
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
                    word + " must be a whole number of 0 or more: " + SchemaError.quote(schema.get(word)));
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
