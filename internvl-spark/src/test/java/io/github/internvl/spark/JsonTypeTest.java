package io.github.internvl.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Objects;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonTypeTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "{'type': 'string'}; string",
                "{'type': ['integer', 'null']}; bigint",
                "{'type': ['integer', 'number']}; double",
                "{'type': ['integer', 'string']}; string",
                "{'enum': ['a', 'b', null]}; string",
                "{'enum': [1, 2]}; bigint",
                "{'enum': [1, 2.5]}; double",
                "{'enum': [1, 'a']}; string",
                "{'const': true}; boolean",
                "{'anyOf': [{'type': 'null'}, {'type': 'number'}]}; double",
                "{'oneOf': [{'type': 'string'}, {'type': 'number'}]}; string",
                "{'type': 'array', 'items': {'type': 'boolean'}}; array<boolean>",
                "{'type': 'array', 'prefixItems': [{'type': 'boolean'}]}; string",
                "{'properties': {'a': {'type': 'integer'}, 'b': {'$ref': '#/$defs/x'}}, '$defs': {'x': {'type': 'array', 'items': {'type': 'string'}}}}; struct<a:bigint,b:array<string>>",
                "{'properties': {'next': {'$ref': '#'}, 'n': {'type': 'integer'}}}; struct<next:struct<next:string,n:bigint>,n:bigint>",
                "{'type': 'object', 'additionalProperties': {'type': 'integer'}}; string",
                "{'type': 'object', 'properties': {'a': {'type': 'integer'}}, 'additionalProperties': true}; string",
                "{'type': 'object'}; string",
                "true; string"
            })
    void givesEachSchemaAType(String schema, String type) {
        assertThat(JsonType.of(schema.replace('\'', '"')).catalogString()).isEqualTo(type);
    }

    @Test
    void readsValuesByTheirTypes() {
        DataType type = JsonType.of("""
                {"properties": {"n": {"type": "integer"}, "x": {"type": "number"}, "tags": {"items": {"type": "string"}},
                 "free": {"type": "object"}, "sure": {"type": "boolean"}, "left": {"type": ["string", "null"]}}}""");
        Row row = (Row) Objects.requireNonNull(JsonType.read(
                "{\"n\": 3, \"x\": 2, \"tags\": [\"a\", \"b\"], \"free\": {\"k\": 1}, \"sure\": true}", type));
        assertThat(row.get(0)).isEqualTo(3L);
        assertThat(row.get(1)).isEqualTo(2.0);
        assertThat((Object[]) row.get(2)).containsExactly("a", "b");
        assertThat(row.get(3)).isEqualTo("{\"k\":1}");
        assertThat(row.get(4)).isEqualTo(true);
        assertThat(row.get(5)).isNull();
        assertThatThrownBy(() -> JsonType.read("99999999999999999999", JsonType.of("{\"type\": \"integer\"}")))
                .isInstanceOf(ArithmeticException.class);
    }
}
