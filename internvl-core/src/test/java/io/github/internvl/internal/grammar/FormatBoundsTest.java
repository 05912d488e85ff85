package io.github.internvl.internal.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.BudgetExceededException;
import io.github.internvl.InvalidRequestException;
import io.github.internvl.OutputFormat;
import io.github.internvl.RequestBudget;
import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The bounds of a format before the first token, between two tokens, and in memory. */
@Timeout(300)
class FormatBoundsTest {
    private static final Tokenizer QWEN = Tokenizer.load(TinyCheckpoint.qwen());
    private static final int END = QWEN.id("<|im_end|>").orElseThrow();
    private static final String PRODUCT = "{\"type\":\"string\",\"pattern\":\"(.*a.{50}.*b.{50})\",\"minLength\":60,"
            + "\"maxLength\":5000,\"format\":\"email\"}";

    private static Formats formats() {
        return new Formats(QWEN, Set.of(END));
    }

    private static Meter within(RequestBudget budget) {
        return steps -> budget.charge(RequestBudget.Work.FORMAT_STEPS, steps, "format");
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
        formats().rule(OutputFormat.jsonSchema(doubling(definition, 60)), steps::addAndGet);
        assertThat(steps.get()).isLessThan(100_000);
    }

    @Test
    void chargesARequestForItsFormatAlsoWhereItIsKnown() {
        Formats formats = formats();
        OutputFormat format = OutputFormat.choice("red", "green");
        AtomicLong first = new AtomicLong();
        AtomicLong second = new AtomicLong();
        formats.rule(format, first::addAndGet);
        formats.rule(format, second::addAndGet);
        assertThat(first.get()).isPositive().isEqualTo(second.get());
    }

    @Test
    void refusesAFormatThatTakesMoreStepsThanTheBudgetHas() {
        RequestBudget budget = RequestBudget.builder()
                .limit(RequestBudget.Work.FORMAT_STEPS, 100_000)
                .build();
        assertThatThrownBy(() -> formats().rule(OutputFormat.jsonSchema(PRODUCT), within(budget)))
                .isInstanceOf(BudgetExceededException.class)
                .hasMessageContaining("100,000 format steps");
    }

    @Test
    void staysBelowTheUsualBudgetWithAThousandFields() {
        String fields = IntStream.range(0, 1000)
                .mapToObj(i -> "\"field_" + i + "\":{\"type\":\""
                        + List.of("string", "integer", "number").get(i % 3) + "\"}")
                .collect(Collectors.joining(","));
        formats()
                .rule(
                        OutputFormat.jsonSchema("{\"type\":\"object\",\"properties\":{" + fields + "}}"),
                        within(RequestBudget.defaults()));
    }

    @Test
    void compilesForTheOthersWhenOneLeaves() {
        Formats formats = formats();
        OutputFormat format = OutputFormat.choice(
                IntStream.range(0, 30_000).mapToObj(i -> "word " + 7919L * i).toArray(String[]::new));
        RequestBudget impatient = RequestBudget.defaults();
        impatient.cancel();
        List<CompletableFuture<FormatRule>> others = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            others.add(CompletableFuture.supplyAsync(() -> formats.rule(format, Meter.FREE)));
        }
        assertThatThrownBy(() -> formats.rule(format, within(impatient))).isInstanceOf(CancellationException.class);
        assertThat(others)
                .allSatisfy(
                        other -> assertThat(other.join().isReady(new int[0])).isTrue());
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
        Terms terms = new Terms(Meter.FREE);
        JsonText json = new JsonText(terms, new Utf8(terms));
        Automaton automaton = new Automaton(terms, new SchemaCompiler(json, SchemaDocument.parse(schema)).compile());
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
        assertThatThrownBy(() -> formats().rule(OutputFormat.jsonSchema(schema), Meter.FREE))
                .isInstanceOf(InvalidRequestException.class)
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
        Terms terms = new Terms(Meter.FREE);
        Utf8 utf8 = new Utf8(terms);
        Term term = RegexParser.parse(terms, utf8::term, terms.empty, "it", "(a.{0,60}){0,60}b");
        Automaton bounded = new Automaton(terms, term, 200_000);
        Automaton free = new Automaton(new Terms(Meter.FREE), term);
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

    @Test
    void computesASlowStepElsewhereAndComesToTheSame() {
        OutputFormat format = OutputFormat.regex("(a.{0,60}){0,60}b");
        FormatRule rule = formats().rule(format, Meter.FREE);
        FormatRule other = formats().rule(format, Meter.FREE);
        int a = QWEN.id("a").orElseThrow();
        int[] ids = {};
        for (int i = 0; i < 5; i++) {
            boolean atOnce = rule.isReady(ids);
            float[] logits = new float[QWEN.size()];
            float[] again = new float[QWEN.size()];
            rule.process(ids, logits); // waits
            other.process(ids, again);
            assertThat(logits).as("after %s, at once: %s", i, atOnce).isEqualTo(again);
            assertThat(rule.isReady(ids)).isTrue();
            ids = Arrays.copyOf(ids, i + 1);
            ids[i] = a;
        }
    }

    @Test
    void failsARequestWhoseFormatTakesTooLongWithATypedException() {
        FormatRule rule = new FormatRule(grammarThatIsSlow(), Runnable::run);
        int a = QWEN.id("a").orElseThrow();
        int[] ids = {a};
        assertThat(rule.isReady(ids)).isTrue();
        assertThatThrownBy(() -> rule.process(ids, new float[QWEN.size()]))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("cannot be held to it in reasonable time");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\\p{L}", "\\W", ".", "[^a]"})
    void chargesLittleForASetThatComesAgain(String set) {
        AtomicLong once = new AtomicLong();
        AtomicLong often = new AtomicLong();
        formats().rule(OutputFormat.regex(set), once::addAndGet);
        formats().rule(OutputFormat.regex(set.repeat(1000)), often::addAndGet);
        assertThat(often.get() - once.get()).isLessThan(300_000);
    }

    @Test
    void chargesForEachLargeSetThatIsKept() {
        String sets = IntStream.range(0x4E00, 0x4E00 + 1000)
                .mapToObj(c -> "[^" + (char) c + "]")
                .collect(Collectors.joining());
        assertThatThrownBy(() -> formats().rule(OutputFormat.regex(sets), within(RequestBudget.defaults())))
                .isInstanceOf(BudgetExceededException.class);
    }

    /** After an a come thousands of alternatives that do not begin alike. */
    private static Grammar grammarThatIsSlow() {
        Terms terms = new Terms(Meter.FREE);
        Utf8 utf8 = new Utf8(terms);
        String many = IntStream.range(1, 3000)
                .mapToObj(i -> "[^" + (char) ('b' + i % 24) + "]{" + i + "}(x|" + i + ")")
                .collect(Collectors.joining("|"));
        Term term = RegexParser.parse(terms, utf8::term, terms.empty, "it", "a(" + many + ")|b");
        return new Grammar(
                new Lexicon(QWEN, Set.of(END)), terms, term, new JsonText(terms, utf8).character, Long.MAX_VALUE);
    }
}
