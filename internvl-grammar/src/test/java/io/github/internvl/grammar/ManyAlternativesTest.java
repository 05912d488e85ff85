package io.github.internvl.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Long lists of alternatives, in all of the ways to write one. */
@Tag("any-jdk")
@Timeout(300)
class ManyAlternativesTest {
    private static final int MANY = 50_000;
    private static final RandomAnswers ANSWERS = new RandomAnswers(SmallTokenizers.QWEN);

    private static final List<String> WORDS = words();

    private static List<String> words() {
        Random random = new Random(1);
        return IntStream.range(0, MANY)
                .mapToObj(i -> random.ints(6 + random.nextInt(20), 'a', 'z' + 1)
                        .mapToObj(Character::toString)
                        .collect(Collectors.joining()))
                .toList();
    }

    private static Grammar listed(String keyword, int count, IntFunction<JsonObject> alternative) {
        JsonArray all = new JsonArray();
        IntStream.range(0, count).mapToObj(alternative).forEach(all::add);
        JsonObject schema = new JsonObject();
        schema.add(keyword, all);
        return Grammar.jsonSchema(schema.toString());
    }

    private static JsonObject constant(String value) {
        JsonObject schema = new JsonObject();
        schema.addProperty("const", value);
        return schema;
    }

    /** An object with a property of one value, or of a name of its own. */
    private static JsonObject object(String name, JsonObject property, boolean closed) {
        JsonObject properties = new JsonObject();
        properties.add(name, property);
        JsonArray required = new JsonArray();
        required.add(name);
        JsonObject schema = new JsonObject();
        schema.addProperty("type", "object");
        schema.add("properties", properties);
        schema.add("required", required);
        schema.addProperty("additionalProperties", !closed);
        return schema;
    }

    static Stream<Grammar> listsOfWords() {
        JsonArray words = new JsonArray();
        WORDS.forEach(words::add);
        JsonObject schema = new JsonObject();
        schema.add("enum", words);
        return Stream.of(
                Grammar.choice(WORDS),
                Grammar.regex(String.join("|", WORDS)),
                Grammar.jsonSchema(schema.toString()),
                listed("anyOf", MANY, i -> constant(WORDS.get(i))),
                listed("oneOf", MANY, i -> constant(WORDS.get(i))));
    }

    @ParameterizedTest
    @MethodSource("listsOfWords")
    void answersWithOneOfManyWords(Grammar format) {
        Set<String> words = Set.copyOf(WORDS);
        for (int seed = 0; seed < 3; seed++) {
            assertThat(ANSWERS.answer(format, seed).replace("\"", "")).isIn(words);
        }
    }

    @Test
    void readsAWordOfManyInOneWay() {
        Exprs exprs = new Exprs(Meter.FREE);
        Automaton automaton = new Automaton(exprs, Prefixes.texts(exprs, WORDS));
        for (String word : WORDS.subList(0, 200)) {
            Automaton.State state = automaton.start();
            for (byte b : word.getBytes(StandardCharsets.UTF_8)) {
                assertThat(state.exprs.size()).isLessThanOrEqualTo(27); // a letter each, and the end
                state = automaton.next(state, b);
            }
            assertThat(state.accepts).isTrue();
        }
    }

    @Test
    void tellsThousandsOfObjectsApart() {
        for (Grammar format : List.of(
                listed("oneOf", 3000, i -> object("kind", constant("k" + i), false)),
                listed("oneOf", 3000, i -> object("p" + i, new JsonObject(), true)))) {
            assertThat(ANSWERS.beginning(format, 1, 60)).startsWith("{\"");
        }
    }

    @Test
    void refusesOneOfWithTheSameConstantTwice() {
        assertThatThrownBy(() -> ANSWERS.answer(listed("oneOf", 3000, i -> constant("v" + i % 2999)), 0))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining("alternatives 0 and 2999");
    }

    /** Texts with shared beginnings and ends, doubles, and one that begins another. */
    @ParameterizedTest
    @ValueSource(
            strings = {"a", "a ab abc", "ab ac ab", "xa ya xb yb", "abcde abcdf abxde b", "é è ê ée", "aaaa aaa aa a"})
    void keepsToTheTextsOfAList(String list) {
        List<String> texts = List.of(list.split(" "));
        Exprs exprs = new Exprs(Meter.FREE);
        Automaton tree = new Automaton(exprs, Prefixes.texts(exprs, texts));
        Automaton chosen = new Automaton(
                exprs, exprs.choice(texts.stream().map(exprs::literal).toList()));
        Random random = new Random(7);
        Set<String> probes = random.ints(500, 0, 1 << 20)
                .mapToObj(seed -> new Random(seed)
                        .ints(new Random(seed).nextInt(6), 0, 7)
                        .mapToObj(i -> String.valueOf("abcdxyé".charAt(i)))
                        .collect(Collectors.joining()))
                .collect(Collectors.toSet());
        probes.addAll(texts);
        for (String probe : probes) {
            byte[] bytes = probe.getBytes(StandardCharsets.UTF_8);
            assertThat(tree.accepts(bytes)).as(probe).isEqualTo(texts.contains(probe));
            assertThat(chosen.accepts(bytes)).as(probe).isEqualTo(texts.contains(probe));
        }
    }

    static Stream<String> randomExpressions() {
        return IntStream.range(0, 120).mapToObj(seed -> expression(new Random(seed), 2));
    }

    private static String expression(Random random, int depth) {
        String[] counts = {"", "", "", "*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,3}", "{3,}"};
        String ways = IntStream.range(0, 1 + random.nextInt(3))
                .mapToObj(way -> IntStream.range(0, 1 + random.nextInt(3))
                        .mapToObj(i -> depth > 0 && random.nextInt(3) == 0
                                ? "(" + expression(random, depth - 1) + ")"
                                : List.of("a", "b", "[ab]", "ab").get(random.nextInt(3)))
                        .map(atom -> atom + counts[random.nextInt(counts.length)])
                        .collect(Collectors.joining()))
                .collect(Collectors.joining("|"));
        return depth == 2 ? "(" + ways + ")" : ways;
    }

    /** Sharing beginnings and uniting counts changes how an expression is read, and never what it matches. */
    @ParameterizedTest
    @MethodSource("randomExpressions")
    void matchesWhatTheJdkMatches(String expression) {
        Exprs exprs = new Exprs(Meter.FREE);
        Utf8 utf8 = new Utf8(exprs);
        Expr expr = RegexParser.parse(exprs, utf8::expr, exprs.empty, "it", expression);
        Automaton automaton = new Automaton(exprs, expr);
        for (int length = 0; length <= 7; length++) {
            for (int bits = 0; bits < 1 << length; bits++) {
                byte[] text = new byte[length];
                for (int i = 0; i < length; i++) {
                    text[i] = (byte) ((bits >> i & 1) == 0 ? 'a' : 'b');
                }
                String string = new String(text, StandardCharsets.UTF_8);
                assertThat(automaton.accepts(text))
                        .as("%s of %s", string, expression)
                        .isEqualTo(string.matches(expression));
            }
        }
    }

    @Test
    void readsNestedCountsAsOne() {
        Exprs exprs = new Exprs(Meter.FREE);
        Expr a = exprs.literal("a");
        assertThat(exprs.repeat(exprs.repeat(a, 0, 9), 0, 9)).isSameAs(exprs.repeat(a, 0, 81));
        assertThat(exprs.repeat(exprs.any(a), 2, 5)).isSameAs(exprs.any(a));
        assertThat(exprs.repeat(exprs.repeat(a, 2, 3), 0, 2)).isNotSameAs(exprs.repeat(a, 0, 6)); // which has one a
        assertThat(exprs.repeat(exprs.repeat(a, 2, 3), 1, 2)).isSameAs(exprs.repeat(a, 2, 6));
        assertThat(Arrays.asList(exprs.optional(exprs.repeat(a, 1, 4)))).containsExactly(exprs.repeat(a, 0, 4));
    }
}
