package io.github.internvl.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers under expressions and choices, and the tokens that are left for them. */
@Tag("any-jdk")
class TextGrammarTest {
    private static final Tokenizer QWEN = SmallTokenizers.QWEN;
    private static final Tokenizer INTERNLM2 = SmallTokenizers.INTERNLM2;
    private static final RandomAnswers ANSWERS = new RandomAnswers(QWEN);
    private static final RandomAnswers OF_PIECES = new RandomAnswers(INTERNLM2);

    static Stream<String> randomExpressions() {
        return IntStream.range(0, 200).mapToObj(seed -> expression(new Random(seed), 2));
    }

    /** An expression in which nothing repeated repeats: java.util.regex would try for hours how a text came about. */
    private static String expression(Random random, int depth) {
        String[] atoms = {
            "a", "[a-cé]", "\\d", "[^x\\n]", ".", "色", "\\w+?", "\\.", "[\\s-]", "\\u00e9", "\\x41", "😀", "\\S"
        };
        String[] counts = {"", "", "*", "+", "?", "{2}", "{1,3}", "{0,20}", "{18,}", "??"};
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(3); i >= 0; i--) {
            boolean group = depth > 0 && random.nextInt(2) == 0;
            String atom = group
                    ? "(?:" + expression(random, depth - 1) + "|" + expression(random, depth - 1) + ")"
                    : atoms[random.nextInt(atoms.length)];
            boolean lazy = atom.endsWith("?");
            boolean repeats = depth == 0 || !group;
            text.append(atom).append(lazy || !repeats ? "" : counts[random.nextInt(counts.length)]);
        }
        return text.toString();
    }

    @ParameterizedTest
    @MethodSource("randomExpressions")
    void holdsAnswersToAnyExpression(String expression) {
        Pattern judge = Pattern.compile(expression);
        for (int seed = 0; seed < 4; seed++) {
            String text = (seed % 2 == 0 ? ANSWERS : OF_PIECES).beginning(Grammar.regex(expression), seed, 40);
            Matcher matcher = judge.matcher(text);
            assertThat(matcher.matches() || matcher.hitEnd())
                    .as("%s is the beginning of a match of %s", text, expression)
                    .isTrue();
        }
    }

    /** The one text that a random answer to an expression of one text can be. */
    @ParameterizedTest
    @ValueSource(strings = {" leading and trailing ", "a , b . c 's n't", "多語言 😀 текст", "line\nbreak\ttab", "▁"})
    void writesTextsAsTheyAre(String text) {
        String expression = "(" + text.replace(".", "\\.") + ")";
        assertThat(ANSWERS.answer(Grammar.regex(expression), 1)).isEqualTo(text);
        assertThat(ANSWERS.answer(Grammar.choice(List.of(text)), 1)).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {" leading and trailing ", "a , b . c 's n't", "多語言 😀 текст", "line\nbreak\ttab"})
    void writesTextsAsTheyAreOfPieces(String text) {
        assertThat(OF_PIECES.answer(Grammar.choice(List.of(text)), 1)).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"[0-9]{4}-[0-9]{2}", "(yes|no), .{0,80}", "\\$?[1-9]\\d{0,20}(\\.\\d\\d)?", "[一-龥]{3}😀?"})
    void endsWhereAnExpressionEnds(String expression) {
        for (int seed = 0; seed < 10; seed++) {
            assertThat(ANSWERS.answer(Grammar.regex(expression), seed)).matches(expression);
        }
    }

    @Test
    void choosesEachOfTheChoices() {
        Set<String> found = new TreeSet<>();
        for (int seed = 0; seed < 60; seed++) {
            found.add(ANSWERS.answer(Grammar.choice(List.of("red", "green", "reddish", "色")), seed));
        }
        assertThat(found).containsExactlyInAnyOrder("red", "green", "reddish", "色");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a(?=b) | groups other than",
                "(a)\\1 | \\1 is not supported: at character 6 of (a)\\1",
                "\\bword | \\b is not supported",
                "a*+ | possessive",
                "(a | a ( must be closed",
                "a) | a ) must close a (",
                "[a | it must not end here",
                "[b-a] | a range must go",
                "a{3,2} | the most repetitions",
                "a{1,200000} | repetitions must be at most",
                "*a | something before *",
                "a{x} | { must begin a count",
                "(^a) | ^ must be at the beginning",
                "(a$) | $ must be outside",
                "a$b | $ must be at the end",
                "[^\\0-\\u{10FFFF}] | must match some text",
                "\\p{Greek} | there are L, Lu, Ll, N and Nd"
            })
    void refusesWhatNoAutomatonReads(String expression, String message) {
        assertThatThrownBy(() -> ANSWERS.answer(Grammar.regex(expression), 0))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "json",
                "{\"type\":\"object\",\"properties\":{\"t\":{\"type\":\"string\",\"minLength\":3,\"maxLength\":40},\"n\":"
                        + "{\"type\":\"number\"}},\"required\":[\"t\"]}",
                "{\"type\":\"array\",\"items\":{\"pattern\":\"^[a-z ]{2,30}é$\"},\"minItems\":20,\"maxItems\":30}"
            })
    void leavesTheTokensThatAByteByByteCheckLeaves(String schema) {
        Grammar grammar = schema.equals("json") ? Grammar.json() : Grammar.jsonSchema(schema);
        for (Tokenizer tokenizer : new Tokenizer[] {QWEN, INTERNLM2}) {
            RandomAnswers answers = tokenizer == QWEN ? ANSWERS : OF_PIECES;
            Exprs exprs = new Exprs(Meter.FREE);
            Utf8 utf8 = new Utf8(exprs);
            Automaton automaton = new Automaton(exprs, grammar.expr(new JsonText(exprs, utf8), utf8));
            answers.answer(grammar, 3, (ids, logits) -> {
                Automaton.State state = automaton.start();
                for (int id : ids) {
                    state = automaton.next(state, tokenizer.bytes(id));
                }
                for (int id = 0; id < logits.length; id++) {
                    byte[] bytes = tokenizer.bytes(id);
                    boolean allowed = id == answers.end()
                            ? state.accepts
                            : bytes.length > 0 && !automaton.next(state, bytes).isDead();
                    assertThat(Float.isFinite(logits[id]))
                            .as("token %s %s after %s", id, new String(bytes, StandardCharsets.UTF_8), ids.length)
                            .isEqualTo(allowed);
                }
            });
        }
    }
}
