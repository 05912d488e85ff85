package io.github.internvl.grammar;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Schemas from seeds, out of all that is supported. */
final class RandomSchemas {
    private static final List<String> NAMES = List.of("a", "b", "ab", "naïve", "a\"b", "色", "x y", "line\nbreak", "");
    private static final List<String> PATTERNS = List.of(
            "^[a-z]+$", "^\\d{3}-\\d{2}$", "0", "^(red|green) \\w*$", "^\\S\\s\"$", "^[^a-z]{2,6}$", "^é|0{2}$");
    private static final List<String> FORMATS =
            List.of("date", "time", "date-time", "duration", "uuid", "hostname", "ipv4", "uri");

    private final Random random;

    RandomSchemas(long seed) {
        this.random = new Random(seed);
    }

    String next() {
        JsonObject schema = schema(3);
        JsonObject definitions = new JsonObject();
        definitions.add("leaf", schema(1));
        JsonObject node = new JsonObject();
        node.addProperty("type", "object");
        JsonObject properties = new JsonObject();
        properties.add("value", reference("#/$defs/leaf"));
        JsonObject children = new JsonObject();
        children.addProperty("type", "array");
        children.add("items", reference("#/$defs/node"));
        properties.add("children", children);
        node.add("properties", properties);
        node.add("required", names(List.of("value")));
        definitions.add("node", node);
        schema.add("$defs", definitions);
        return schema.toString();
    }

    private JsonObject schema(int depth) {
        return switch (random.nextInt(depth > 0 ? 13 : 6)) {
            case 0 -> string();
            case 1 -> number(true);
            case 2 -> number(false);
            case 3 -> constants();
            case 4 -> typed(random.nextBoolean() ? "boolean" : "null");
            case 5 -> string();
            case 6, 7, 8 -> object(depth);
            case 9 -> array(depth);
            case 10 -> anyOf(depth);
            case 11 -> depth < 2 ? typed("integer") : reference(random.nextBoolean() ? "#/$defs/node" : "#/$defs/leaf");
            default -> allOf(depth);
        };
    }

    private static JsonObject typed(String type) {
        JsonObject schema = new JsonObject();
        schema.addProperty("type", type);
        return schema;
    }

    private static JsonObject reference(String place) {
        JsonObject schema = new JsonObject();
        schema.addProperty("$ref", place);
        schema.addProperty("description", "elsewhere");
        return schema;
    }

    private JsonObject string() {
        JsonObject schema = typed("string");
        int kind = random.nextInt(5);
        if (kind == 0) {
            schema.addProperty("format", FORMATS.get(random.nextInt(FORMATS.size())));
        } else if (kind == 1) {
            schema.addProperty("pattern", PATTERNS.get(random.nextInt(PATTERNS.size())));
        } else if (kind == 2) {
            schema.addProperty("pattern", "^[a-z]+$");
            schema.addProperty("minLength", random.nextInt(4));
            schema.addProperty("maxLength", 4 + random.nextInt(4));
        } else if (kind == 3) {
            schema.addProperty("minLength", random.nextInt(25));
            schema.addProperty("maxLength", 25 + random.nextInt(25));
        }
        return schema;
    }

    private JsonObject number(boolean whole) {
        JsonObject schema = typed(whole ? "integer" : "number");
        BigDecimal low = limit();
        BigDecimal high = low.add(limit().abs()).add(BigDecimal.valueOf(3));
        if (random.nextBoolean()) {
            schema.addProperty(random.nextBoolean() ? "minimum" : "exclusiveMinimum", low);
        }
        if (random.nextBoolean()) {
            schema.addProperty(random.nextBoolean() ? "maximum" : "exclusiveMaximum", high);
        }
        return schema;
    }

    private BigDecimal limit() {
        int digits = random.nextInt(5);
        return BigDecimal.valueOf(
                random.nextInt(2 * (int) Math.pow(10, digits)) - (long) Math.pow(10, digits), random.nextInt(3));
    }

    private JsonObject constants() {
        JsonArray values = new JsonArray();
        values.add("red");
        values.add("a \"quoted\"\ttext");
        values.add(new JsonPrimitive(random.nextInt(100)));
        values.add(JsonNull.INSTANCE);
        values.add(true);
        JsonObject nested = new JsonObject();
        nested.addProperty("k", 1.5);
        values.add(nested);
        JsonObject schema = new JsonObject();
        if (random.nextBoolean()) {
            schema.add("enum", values);
            if (random.nextBoolean()) {
                schema.addProperty("type", "string");
            }
        } else {
            schema.add("const", values.get(random.nextInt(values.size())));
        }
        return schema;
    }

    private JsonObject object(int depth) {
        JsonObject schema = typed("object");
        List<String> all = new ArrayList<>(NAMES);
        Collections.shuffle(all, random);
        List<String> chosen = all.subList(0, random.nextInt(5));
        JsonObject properties = new JsonObject();
        chosen.forEach(name -> properties.add(name, schema(depth - 1)));
        schema.add("properties", properties);
        schema.add(
                "required",
                names(chosen.stream().filter(name -> random.nextBoolean()).toList()));
        switch (random.nextInt(4)) {
            case 0 -> schema.addProperty("additionalProperties", false);
            case 1 -> schema.addProperty("additionalProperties", true);
            case 2 -> schema.add("additionalProperties", schema(0));
            default -> schema.addProperty("title", "closed by default");
        }
        return schema;
    }

    private static JsonArray names(List<String> names) {
        JsonArray array = new JsonArray();
        names.forEach(array::add);
        return array;
    }

    private JsonObject array(int depth) {
        JsonObject schema = typed("array");
        if (random.nextBoolean()) {
            schema.addProperty("minItems", random.nextInt(3));
            schema.addProperty("maxItems", 3 + random.nextInt(20));
        }
        if (random.nextInt(3) == 0) {
            JsonArray first = new JsonArray();
            first.add(schema(depth - 1));
            first.add(schema(0));
            schema.add("prefixItems", first);
            schema.add("items", schema(0));
        } else if (random.nextInt(4) > 0) {
            schema.add("items", schema(depth - 1));
        }
        return schema;
    }

    private JsonObject anyOf(int depth) {
        JsonArray ways = new JsonArray();
        ways.add(schema(depth - 1));
        ways.add(schema(depth - 1));
        JsonObject schema = new JsonObject();
        schema.add("anyOf", ways);
        if (random.nextInt(3) == 0) {
            JsonArray apart = new JsonArray();
            apart.add(tagged("one", depth));
            apart.add(tagged("two", depth));
            apart.add(typed("boolean"));
            schema.remove("anyOf");
            schema.add("oneOf", apart);
        }
        return schema;
    }

    private JsonObject tagged(String tag, int depth) {
        JsonObject schema = object(depth - 1);
        JsonObject kind = new JsonObject();
        kind.addProperty("const", tag);
        schema.getAsJsonObject("properties").add("kind", kind);
        schema.getAsJsonArray("required").add("kind");
        return schema;
    }

    private JsonObject allOf(int depth) {
        JsonObject one = typed("object");
        JsonObject first = new JsonObject();
        first.add("p", schema(depth - 1));
        first.add("both", typed("number"));
        one.add("properties", first);
        JsonObject other = new JsonObject();
        JsonObject second = new JsonObject();
        second.add("q", schema(0));
        JsonElement narrow = number(true);
        second.add("both", narrow);
        other.add("properties", second);
        other.add("required", names(List.of("both")));
        JsonArray both = new JsonArray();
        both.add(one);
        both.add(other);
        JsonObject schema = new JsonObject();
        schema.add("allOf", both);
        return schema;
    }
}
