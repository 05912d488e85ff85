package io.github.internvl.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Schemas that make much out of little: what they make is charged before the memory for it is taken. */
@Tag("any-jdk")
@Timeout(300)
class GrammarChargesTest {
    private static void compile(String schema, Meter meter) {
        Exprs exprs = new Exprs(meter);
        new SchemaCompiler(new JsonText(exprs, new Utf8(exprs)), SchemaDocument.parse(schema)).compile();
    }

    private static Meter usual() {
        return new StepBudget(StepBudget.DEFAULT);
    }

    private static String all(int count, IntFunction<String> part) {
        return IntStream.range(0, count).mapToObj(part).collect(Collectors.joining(","));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'properties':{'pI':{'type':'string'}}}", // merged lists of 1 to n properties
                "{'properties':{'p':{'minLength':I}}}", // lists of 1 to n parts for one property
                "{'required':['pI']}", // lists of 1 to n names
                "{'additionalProperties':{'minLength':I}}",
                "{'items':{'minLength':I}}"
            })
    void refusesAListOfPartsWhoseMergesGrowWithEachOther(String part) {
        String schema =
                "{\"allOf\":[" + all(10_000, i -> part.replace('\'', '"').replace("I", "" + i)) + "]}";
        assertThatThrownBy(() -> compile(schema, usual())).isInstanceOf(StepBudget.Exceeded.class);
    }

    @Test
    void acceptsAListOfPartsOfOrdinaryLength() {
        String parts =
                all(50, i -> "{\"properties\":{\"p" + i + "\":{\"type\":\"string\"}},\"required\":[\"p" + i + "\"]}");
        compile("{\"type\":\"object\",\"allOf\":[" + parts + "]}", usual());
    }

    @Test
    void refusesAlternativesThatShareALongList() {
        String shared = "{\"enum\":[\"" + "x".repeat(100_000) + "\"]}";
        String schema = "{\"$defs\":{\"x\":" + shared + "},\"oneOf\":["
                + all(1000, i -> "{\"$ref\":\"#/$defs/x\",\"minLength\":" + i + "}") + "]}";
        assertThatThrownBy(() -> compile(schema, usual())).isInstanceOf(StepBudget.Exceeded.class);
    }

    @Test
    void tellsObjectsWithAConstantOfTheirOwnNameApartWithoutAListForEachName() {
        List<JsonElement> ways = IntStream.range(0, 20_000)
                .mapToObj(i -> JsonParser.parseString("{\"type\":\"object\",\"properties\":{\"p" + i
                        + "\":{\"const\":1}},\"required\":[\"p" + i + "\"],\"additionalProperties\":false}"))
                .toList();
        AtomicLong steps = new AtomicLong();
        Meter meter = steps::addAndGet;
        new OneOfCheck(new SchemaIdentity(meter), meter).requireApart(ways, "#/oneOf");
        assertThat(steps.get()).isLessThan(500_000);
    }

    @Test
    void refusesObjectsThatOnlyListsForEachNameTellApart() {
        List<JsonElement> ways = IntStream.range(0, 5000)
                .mapToObj(i -> JsonParser.parseString(
                        "{\"type\":\"object\",\"properties\":{\"a\":{\"enum\":[" + i + ",-1]},\"p" + i % 2500
                                + "\":{\"const\":" + i + "}},\"required\":[\"a\",\"p" + i % 2500 + "\"]}"))
                .toList();
        Meter meter = usual();
        assertThatThrownBy(() -> new OneOfCheck(new SchemaIdentity(meter), meter).requireApart(ways, "#/oneOf"))
                .isInstanceOf(GrammarException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"type\":\"string\",\"format\":\"nope\"}", "{\"not\":{}}"})
    void compilesAnAlternativeThatIsDroppedOnce(String leaf) {
        String levels = all(
                60,
                i -> "\"d" + i + "\":{\"anyOf\":[{\"$ref\":\"#/$defs/d" + (i + 1) + "\"},{\"$ref\":\"#/$defs/d"
                        + (i + 1) + "\"}]}");
        String schema = "{\"$defs\":{" + levels + ",\"d60\":" + leaf + "},\"anyOf\":[{\"$ref\":\"#/$defs/d0\"}OTHER]}";
        AtomicLong steps = new AtomicLong();
        compile(schema.replace("OTHER", ",{\"type\":\"null\"}"), steps::addAndGet);
        assertThatThrownBy(() -> compile(schema.replace("OTHER", ""), steps::addAndGet))
                .isInstanceOf(UnsupportedGrammarException.class)
                .hasMessageContaining("#/anyOf/0");
        assertThat(steps.get()).isLessThan(100_000);
    }
}
