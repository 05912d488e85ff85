package io.github.internvl.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The bounds of a grammar: the steps of compiling it, numbers of any size, and the memory of its states. */
@Timeout(300)
class GrammarBoundsTest {
    private static void compile(Grammar grammar, Meter meter) {
        Exprs exprs = new Exprs(meter);
        Utf8 utf8 = new Utf8(exprs);
        grammar.expr(new JsonText(exprs, utf8), utf8);
    }

    private static String doubling(String definition, int levels) {
        return IntStream.range(0, levels)
                .mapToObj(
                        i -> "\"d" + i + "\":" + definition.replace("NEXT", "{\"$ref\":\"#/$defs/d" + (i + 1) + "\"}"))
                .collect(Collectors.joining(
                        ",",
                        "{\"$defs\":{",
                        ",\"d" + levels + "\":{\"type\":\"object\",\"properties\":{\"x\":{\"type\":\"string\"}}}},"
                                + "\"$ref\":\"#/$defs/d0\"}"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"allOf\":[NEXT,NEXT]}",
                "{\"anyOf\":[NEXT,NEXT],\"properties\":{\"y\":{}}}",
                "{\"type\":\"object\",\"properties\":{\"a\":NEXT,\"b\":NEXT},\"required\":[\"a\",\"b\"]}",
                "{\"allOf\":[{\"properties\":{\"a\":NEXT}},{\"properties\":{\"a\":NEXT}}]}"
            })
    void followsAReferenceOnceHoweverOftenItComes(String definition) {
        AtomicLong steps = new AtomicLong();
        compile(Grammar.jsonSchema(doubling(definition, 60)), steps::addAndGet);
        assertThat(steps.get()).isLessThan(100_000);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"type\":\"number\",\"minimum\":0,\"maximum\":1.7976931348623157e308} | 0 12.5 9999999999999999 | -1",
                "{\"type\":\"number\",\"minimum\":-1e999999999} | -12 5 | a",
                "{\"type\":\"integer\",\"maximum\":1e999999999} | -12 5 | 1.5",
                "{\"type\":\"number\",\"minimum\":1e-999999999} | 1 0.5 | 0 -1",
                "{\"type\":\"number\",\"maximum\":1e-999999999} | 0 -1 | 0.1",
                "{\"type\":\"integer\",\"minimum\":1e1} | 10 11 | 9",
                "{\"type\":\"array\",\"items\":{\"const\":1},\"maxItems\":1e999999999} | [] [1,1] | [2]",
                "{\"enum\":[1e999999999,1e999999998]} | 1e999999999 1e999999998 | 1",
                "{\"anyOf\":[{\"type\":\"number\"},{\"type\":\"string\",\"pattern\":\"^(?!x)y$\"}]} | 1 2.5 | \"y\"",
                "{\"oneOf\":[{\"type\":\"object\",\"properties\":{\"a\":{\"const\":1}},\"required\":[\"a\"],"
                        + "\"additionalProperties\":false},{\"type\":\"object\",\"properties\":{\"b\":{\"const\":1}},"
                        + "\"required\":[\"b\"],\"additionalProperties\":false}]} | {\"a\":1} {\"b\":1} | {} {\"a\":1,\"b\":1}",
                "{\"oneOf\":[{\"const\":{\"a\":1}},{\"const\":{\"a\":2}},{\"const\":[1]}]} | {\"a\":1} {\"a\":2} [1] | {}"
            })
    void readsLimitsAsFarAsNumbersReach(String schema, String good, String bad) {
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
                "{\"type\":\"number\",\"minimum\":1e999999999} | at #/minimum: minimum must be reached",
                "{\"type\":\"number\",\"multipleOf\":1e-999999999} | at #/multipleOf",
                "{\"oneOf\":[{\"const\":1e999999999},{\"const\":10e999999998}]} | alternatives 0 and 1",
                "{\"minItems\":1e-5} | at #/minItems: minItems must be a whole number",
                "{\"anyOf\":[{\"format\":\"iban\"},{\"not\":{}}]} | at #/anyOf/0/format",
                "{\"anyOf\":[{\"type\":\"null\"},{\"type\":\"strin\"}]} | there is no such type"
            })
    void refusesWhatNoNumberOrBranchIsLeftFor(String schema, String message) {
        assertThatThrownBy(() -> compile(Grammar.jsonSchema(schema), Meter.FREE))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource({"1, 10, 0", "1.0, 1.00, 0", "-5, 3, -1", "1e999999999, 1e999999998, 1", "0.1, 1e-1, 0", "-2, -10, 1"})
    void comparesNumbersAsTheyAre(String one, String other, int order) {
        int expected = one.equals("1") && other.equals("10") ? -1 : order;
        assertThat(Integer.signum(JsonNumber.parse(one).compareTo(JsonNumber.parse(other))))
                .isEqualTo(expected);
    }

    @Test
    void forgetsStatesAboveItsBoundAndGoesOn() {
        Exprs exprs = new Exprs(Meter.FREE);
        Utf8 utf8 = new Utf8(exprs);
        Expr expr = RegexParser.parse(exprs, utf8::expr, exprs.empty, "it", "(a.{0,60}){0,60}b");
        Automaton bounded = new Automaton(exprs, expr, 200_000);
        Automaton free = new Automaton(new Exprs(Meter.FREE), expr);
        Random random = new Random(3);
        for (int i = 0; i < 30; i++) {
            byte[] text = random.ints(100, 0, 4)
                    .mapToObj(c -> String.valueOf("aabc".charAt(c)))
                    .collect(Collectors.joining())
                    .getBytes(StandardCharsets.UTF_8);
            assertThat(bounded.accepts(text)).isEqualTo(free.accepts(text));
            assertThat(bounded.weight()).isLessThan(600_000);
        }
        assertThat(free.weight()).isGreaterThan(600_000);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\\p{L}", "\\W", ".", "[^a]"})
    void chargesLittleForASetThatComesAgain(String set) {
        AtomicLong once = new AtomicLong();
        AtomicLong often = new AtomicLong();
        compile(Grammar.regex(set), once::addAndGet);
        compile(Grammar.regex(set.repeat(1000)), often::addAndGet);
        assertThat(often.get() - once.get()).isLessThan(300_000);
    }

    @Test
    void chargesForEachLargeSetThatIsKept() {
        String sets = IntStream.range(0x4E00, 0x4E00 + 1000)
                .mapToObj(c -> "[^" + (char) c + "]")
                .collect(Collectors.joining());
        assertThatThrownBy(() -> compile(Grammar.regex(sets), new StepBudget(StepBudget.DEFAULT)))
                .isInstanceOf(StepBudget.Exceeded.class);
    }
}
