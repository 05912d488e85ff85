package io.github.internvl.spark;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * Types of columns for JSON schemas, and their values from JSON. Closed objects are structs, arrays of one kind are arrays, numbers are
 * bigint or double. Anything else is a string with the JSON in it: objects with free keys, recursive schemas, values of several types.
 */
final class JsonType {
    private final JsonObject root;
    private final Set<String> open = new HashSet<>(); // references on the way to the present place

    private JsonType(JsonObject root) {
        this.root = root;
    }

    /** The type for a schema. */
    static DataType of(String schema) {
        JsonElement parsed = JsonParser.parseString(schema);
        return parsed.isJsonObject()
                ? new JsonType(parsed.getAsJsonObject()).type(parsed.getAsJsonObject())
                : DataTypes.StringType;
    }

    private DataType type(JsonElement element) {
        if (!element.isJsonObject()) {
            return DataTypes.StringType;
        }
        JsonObject schema = element.getAsJsonObject();
        if (schema.has("$ref")) {
            return referred(schema.get("$ref").getAsString());
        }
        if (schema.has("const")) {
            return ofValues(List.of(schema.get("const")));
        }
        if (schema.has("enum")) {
            return ofValues(schema.getAsJsonArray("enum").asList());
        }
        for (String word : List.of("anyOf", "oneOf", "allOf")) {
            if (schema.has(word)) {
                return ofAlternatives(schema.getAsJsonArray(word));
            }
        }
        return switch (kind(schema)) {
            case "object" -> struct(schema);
            case "array" -> array(schema);
            case "integer" -> DataTypes.LongType;
            case "number" -> DataTypes.DoubleType;
            case "boolean" -> DataTypes.BooleanType;
            default -> DataTypes.StringType;
        };
    }

    /** The one type that a schema names beside null, or empty. */
    private static String kind(JsonObject schema) {
        JsonElement type = schema.get("type");
        if (type == null) {
            return schema.has("properties") ? "object" : schema.has("items") ? "array" : "";
        }
        Set<String> names = type.isJsonArray()
                ? type.getAsJsonArray().asList().stream()
                        .map(JsonElement::getAsString)
                        .collect(Collectors.toSet())
                : new HashSet<>(Set.of(type.getAsString()));
        names.remove("null");
        if (names.equals(Set.of("integer", "number"))) {
            return "number";
        }
        return names.size() == 1 ? names.iterator().next() : "";
    }

    private DataType referred(String reference) {
        if (!open.add(reference)) {
            return DataTypes.StringType; // a struct cannot contain itself
        }
        try {
            JsonElement place = root;
            for (String step : reference.replaceFirst("^#/?", "").split("/", -1)) {
                JsonElement next = step.isEmpty() || place == null || !place.isJsonObject()
                        ? place
                        : place.getAsJsonObject().get(step.replace("~1", "/").replace("~0", "~"));
                place = next;
            }
            return place == null ? DataTypes.StringType : type(place);
        } finally {
            open.remove(reference);
        }
    }

    private static DataType ofValues(List<JsonElement> values) {
        Set<DataType> types = values.stream()
                .filter(value -> !value.isJsonNull())
                .map(JsonType::ofValue)
                .collect(Collectors.toSet());
        if (types.equals(Set.of(DataTypes.LongType, DataTypes.DoubleType))) {
            return DataTypes.DoubleType;
        }
        return types.size() == 1 ? types.iterator().next() : DataTypes.StringType;
    }

    private static DataType ofValue(JsonElement value) {
        if (!(value instanceof JsonPrimitive primitive)) {
            return DataTypes.StringType;
        }
        if (primitive.isBoolean()) {
            return DataTypes.BooleanType;
        }
        if (!primitive.isNumber()) {
            return DataTypes.StringType;
        }
        return primitive.getAsString().matches("-?\\d+") ? DataTypes.LongType : DataTypes.DoubleType;
    }

    private DataType ofAlternatives(JsonArray alternatives) {
        List<DataType> types = alternatives.asList().stream()
                .filter(alternative -> !isNull(alternative))
                .map(this::type)
                .distinct()
                .toList();
        return types.size() == 1 ? types.get(0) : DataTypes.StringType;
    }

    private static boolean isNull(JsonElement schema) {
        return schema.isJsonObject()
                && schema.getAsJsonObject().has("type")
                && schema.getAsJsonObject().get("type").toString().equals("\"null\"");
    }

    private DataType struct(JsonObject schema) {
        JsonElement more = schema.get("additionalProperties");
        boolean closed = more == null || (more.isJsonPrimitive() && !more.getAsBoolean());
        if (!closed
                || !schema.has("properties")
                || schema.getAsJsonObject("properties").isEmpty()) {
            return DataTypes.StringType;
        }
        List<StructField> fields = schema.getAsJsonObject("properties").entrySet().stream()
                .map(property -> DataTypes.createStructField(property.getKey(), type(property.getValue()), true))
                .toList();
        return DataTypes.createStructType(fields);
    }

    private DataType array(JsonObject schema) {
        boolean ofOneKind = schema.has("items") && !schema.has("prefixItems");
        return ofOneKind ? DataTypes.createArrayType(type(schema.get("items"))) : DataTypes.StringType;
    }

    /** The value of a column of a type, as Spark's rows hold it; throws if the text is no JSON of that type. */
    static @Nullable Object read(String json, DataType type) {
        JsonElement parsed = JsonParser.parseString(json);
        return value(parsed, type);
    }

    private static @Nullable Object value(@Nullable JsonElement json, DataType type) {
        if (json == null || json.isJsonNull()) {
            return null;
        }
        if (type instanceof StructType struct) {
            JsonObject object = json.getAsJsonObject();
            List<@Nullable Object> values = new ArrayList<>();
            for (StructField field : struct.fields()) {
                values.add(value(object.get(field.name()), field.dataType()));
            }
            return RowFactory.create(values.toArray());
        }
        if (type instanceof ArrayType array) {
            return StreamSupport.stream(json.getAsJsonArray().spliterator(), false)
                    .map(element -> value(element, array.elementType()))
                    .toArray();
        }
        if (type instanceof LongType) {
            return json.getAsBigDecimal().longValueExact();
        }
        if (type instanceof DoubleType) {
            return json.getAsDouble();
        }
        if (type instanceof BooleanType) {
            return json.getAsBoolean();
        }
        return json.isJsonPrimitive() && json.getAsJsonPrimitive().isString() ? json.getAsString() : json.toString();
    }
}
