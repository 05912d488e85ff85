package io.github.internvl.internal.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.InvalidRequestException;
import io.github.internvl.OutputFormat;
import io.github.internvl.RequestBudget;
import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.grammar.CompiledGrammar;
import io.github.internvl.grammar.Grammar;
import io.github.internvl.grammar.Meter;
import io.github.internvl.grammar.Vocabulary;
import io.github.internvl.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The bounds of a format before the first token and between two tokens. */
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

    @Test
    void chargesARequestForItsFormatAlsoWhereItIsKnown() {
        Formats formats = formats();
        OutputFormat format = OutputFormat.choice("red", "green");
        AtomicLong first = new AtomicLong();
        AtomicLong second = new AtomicLong();
        formats.rule(format, 1, first::addAndGet);
        formats.rule(format, 1, second::addAndGet);
        assertThat(first.get()).isPositive().isEqualTo(second.get());
    }

    @Test
    void refusesAFormatThatTakesMoreStepsThanTheBudgetHas() {
        RequestBudget budget = RequestBudget.builder()
                .limit(RequestBudget.Work.FORMAT_STEPS, 100_000)
                .build();
        assertThatThrownBy(() -> formats().rule(OutputFormat.jsonSchema(PRODUCT), 1, within(budget)))
                .isInstanceOf(RequestBudget.ExceededException.class)
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
                        1,
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
            others.add(CompletableFuture.supplyAsync(() -> formats.rule(format, 1, Meter.FREE)));
        }
        assertThatThrownBy(() -> formats.rule(format, 1, within(impatient))).isInstanceOf(CancellationException.class);
        assertThat(others)
                .allSatisfy(
                        other -> assertThat(other.join().isReady(new int[0])).isTrue());
    }

    @Test
    void computesASlowStepElsewhereAndComesToTheSame() {
        OutputFormat format = OutputFormat.regex("(a.{0,60}){0,60}b");
        FormatRule rule = formats().rule(format, 1, Meter.FREE);
        FormatRule other = formats().rule(format, 1, Meter.FREE);
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
        FormatRule rule = new FormatRule(grammarThatIsSlow(), 1, Runnable::run);
        int a = QWEN.id("a").orElseThrow();
        int[] ids = {a};
        assertThat(rule.isReady(ids)).isTrue();
        assertThatThrownBy(() -> rule.process(ids, new float[QWEN.size()]))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("cannot be held to it in reasonable time");
    }

    /** After an a come thousands of alternatives that do not begin alike. */
    private static CompiledGrammar grammarThatIsSlow() {
        String many = IntStream.range(1, 3000)
                .mapToObj(i -> "[^" + (char) ('b' + i % 24) + "]{" + i + "}(x|" + i + ")")
                .collect(Collectors.joining("|"));
        Vocabulary vocabulary = new Vocabulary(QWEN.size(), QWEN::bytes, Set.of(END));
        return Grammar.regex("a(" + many + ")|b").compile(vocabulary, Meter.FREE, Long.MAX_VALUE);
    }
}
