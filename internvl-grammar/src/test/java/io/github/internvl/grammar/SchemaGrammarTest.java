package io.github.internvl.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonParser;
import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import io.github.internvl.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers under JSON schemas, judged by a validator that has nothing to do with how they came to be. */
@Tag("any-jdk")
class SchemaGrammarTest {
    private static final Tokenizer QWEN = SmallTokenizers.QWEN;
    private static final RandomAnswers ANSWERS = new RandomAnswers(QWEN);
    private static final RandomAnswers OF_PIECES = new RandomAnswers(SmallTokenizers.INTERNLM2);

    private static void assertValid(String json, String schema) {
        SchemaValidatorsConfig config =
                SchemaValidatorsConfig.builder().formatAssertionsEnabled(true).build();
        assertThat(JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
                        .getSchema(schema, config)
                        .validate(json, InputFormat.JSON))
                .as("%s under %s", json, schema)
                .isEmpty();
    }

    static Stream<String> randomSchemas() {
        return IntStream.range(0, 150).mapToObj(seed -> new RandomSchemas(seed).next());
    }

    @ParameterizedTest
    @MethodSource("randomSchemas")
    void holdsAnswersToAnySchema(String schema) {
        for (int seed = 0; seed < 4; seed++) {
            assertValid((seed % 2 == 0 ? ANSWERS : OF_PIECES).answer(Grammar.jsonSchema(schema), seed), schema);
        }
    }

    @Test
    void answersWithAnyJsonObject() {
        for (int seed = 0; seed < 50; seed++) {
            assertThat(JsonParser.parseString(ANSWERS.answer(Grammar.json(), seed))
                            .isJsonObject())
                    .isTrue();
        }
    }

    /** Texts that a schema allows, not only those that random answers reach. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"type\":\"integer\",\"minimum\":-5,\"maximum\":120} | -5 0 7 99 120 | -6 -0 121 07 1.0 1e1",
                "{\"type\":\"integer\",\"exclusiveMinimum\":99} | 100 1000 1234567890123456 | 99 9 -100",
                "{\"type\":\"integer\",\"maximum\":-10} | -10 -11 -100 | -9 9 10 -1",
                "{\"type\":\"number\",\"minimum\":0.25,\"exclusiveMaximum\":1.5} | 0.25 0.250 0.3 1 1.49 | 0.2 0.249 1.5 1.50 2",
                "{\"type\":\"number\",\"minimum\":-1.5,\"maximum\":0} | -1.5 -1.25 -0.0 0 0.0 | -1.51 -2 0.1",
                "{\"type\":\"number\",\"exclusiveMinimum\":0} | 0.01 1 10.5 | 0 0.0 -1",
                "{\"type\":\"integer\",\"format\":\"int32\"} | 2147483647 -2147483648 | 2147483648 -2147483649",
                "{\"type\":[\"string\",\"null\"],\"maxLength\":2} | \"\" \"a\" \"色色\" \"\\u00e9\\ud83d\\ude00\" null"
                        + " | \"abc\" \"\\ud83d\" 1",
                "{\"enum\":[\"a\",1,2.5,null],\"type\":[\"string\",\"integer\"]} | \"a\" 1 | 2.5 null \"b\"",
                "{\"pattern\":\"^a.c$\",\"type\":\"string\"} | \"abc\" \"a\\\"c\" \"aéc\" | \"ac\" \"abcd\" \"a\\nc\" \"\\u0061bc\"",
                "{\"pattern\":\"b\",\"type\":\"string\"} | \"b\" \"abc\" \"\\nb\\u0000\" | \"\" \"ac\"",
                "{\"type\":\"object\",\"properties\":{\"a\":{},\"b\":{\"type\":\"null\"}},\"required\":[\"b\"]} |"
                        + " {\"b\":null} {\"a\":[1,{\"x\":\"y\"}],\"b\":null} | {} {\"a\":1} {\"b\":null,\"a\":1} {\"c\":1,\"b\":null}",
                "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"null\"}},\"additionalProperties\":{\"type\":\"integer\"}} |"
                        + " {} {\"a\":null} {\"a\":null,\"b\":1,\"ab\":2} {\"b\":1} | {\"a\":1} {\"b\":null} {\"b\":1,\"a\":null}",
                "{\"type\":\"array\",\"items\":{\"type\":\"boolean\"},\"minItems\":1,\"maxItems\":3} |"
                        + " [true] [true,false,true] | [] [true,] [true,true,true,true] [1]",
                "{\"type\":\"string\",\"format\":\"email\"} | \"jo.doe+x@mail.example.com\" | \"a@b\" \".a@b.cc\" \"a b@c.dd\"",
                "{\"prefixItems\":[{\"const\":1},{\"const\":2}]} | [1,2] | [1] [1,2,3] [2,1]",
                "{\"oneOf\":[{\"type\":\"integer\"},{\"type\":\"string\"}]} | 1 \"a\" | 1.5 null",
                "{\"anyOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]}],\"type\":\"object\",\"properties\":{\"a\":{\"const\":1},"
                        + "\"b\":{\"const\":2}}} | {\"a\":1} {\"b\":2} {\"a\":1,\"b\":2} | {}",
                "{\"$ref\":\"#/$defs/list\",\"$defs\":{\"list\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/list\"}}}} |"
                        + " [] [[],[[]]] | [1] [[]",
                "{\"allOf\":[{\"type\":\"object\",\"properties\":{\"a\":{\"minimum\":3}},\"additionalProperties\":false},"
                        + "{\"properties\":{\"a\":{\"type\":\"integer\",\"maximum\":5},\"b\":{}}}]} | {} {\"a\":4} | {\"a\":2} {\"b\":1}",
                "true | 1 {} [null] | nul"
            })
    void allowsWhatASchemaAllows(String schema, String good, String bad) {
        Exprs exprs = new Exprs(Meter.FREE);
        JsonText json = new JsonText(exprs, new Utf8(exprs));
        Automaton automaton = new Automaton(exprs, new SchemaCompiler(json, SchemaDocument.parse(schema)).compile());
        assertThat(good.split(" ")).allMatch(text -> automaton.accepts(text.getBytes(StandardCharsets.UTF_8)));
        assertThat(bad.split(" ")).noneMatch(text -> automaton.accepts(text.getBytes(StandardCharsets.UTF_8)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"properties\":{\"a/b\":{\"items\":{\"not\":{}}}}} | at #/properties/a~1b/items/not: the keyword not is not",
                "{\"type\":\"array\",\"uniqueItems\":true} | at #/uniqueItems",
                "{\"type\":\"strin\"} | at #/type: there is no such type: strin",
                "{\"type\":\"string\",\"format\":\"iban\"} | at #/format: the format iban is not supported",
                "{\"type\":\"string\",\"pattern\":\"a(?=b)\"} | at #/pattern: groups other than",
                "{\"$ref\":\"#/$defs/x\"} | at #/$ref: $ref must name a place that is there",
                "{\"$ref\":\"other.json\"} | must name a place in the same schema",
                "{\"$ref\":\"#\"} | must not refer to itself without",
                "{\"anyOf\":[{\"type\":\"null\"},{\"$ref\":\"#/$defs/a\"}],\"$defs\":{\"a\":{\"anyOf\":[{\"$ref\":\"#/$defs/a\"}]}}} |"
                        + " must not refer to itself without",
                "{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#\"}},\"required\":[\"a\"]} | must come to an end",
                "{\"type\":\"array\",\"minItems\":2,\"maxItems\":1} | it must allow some value",
                "{\"enum\":[1,2],\"type\":\"string\"} | it must allow some value",
                "{\"oneOf\":[{\"type\":\"integer\"},{\"type\":\"number\"}]} | at #/oneOf: alternatives 0 and 1",
                "{\"minProperties\":1} | at #/minProperties",
                "{\"allOf\":[{\"pattern\":\"a\"},{\"pattern\":\"b\"}]} | two different pattern cannot be merged",
                "{\"properties\":[]} | at #/properties: properties must be an object",
                "[] | a schema must be an object, true or false",
                "{\"type\": | a JSON schema must be one JSON value",
                "{} {} | a JSON schema must be one JSON value, and it is none at line 1 column 5"
            })
    void refusesWhatItCannotHoldTo(String schema, String message) {
        assertThatThrownBy(() -> ANSWERS.answer(Grammar.jsonSchema(schema), 0))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"deep", "wide"})
    void takesLargeSchemas(String kind) {
        StringBuilder schema = new StringBuilder();
        if (kind.equals("deep")) {
            schema.append("{\"type\":\"array\",\"maxItems\":1,\"items\":".repeat(150))
                    .append("{}")
                    .append("}".repeat(150));
        } else {
            schema.append("{\"type\":\"object\",\"properties\":{");
            IntStream.range(0, 300).forEach(i -> schema.append("\"p").append(i).append("\":{\"type\":\"integer\"},"));
            schema.append("\"last\":{}}}");
        }
        assertValid(ANSWERS.answer(Grammar.jsonSchema(schema.toString()), 1), schema.toString());
    }
}
