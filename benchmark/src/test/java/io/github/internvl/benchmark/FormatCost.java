package io.github.internvl.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.InvalidRequestException;
import io.github.internvl.OutputFormat;
import io.github.internvl.fixtures.Checkout;
import io.github.internvl.grammar.Meter;
import io.github.internvl.internal.format.FormatRule;
import io.github.internvl.internal.format.Formats;
import io.github.internvl.tokenizer.Tokenizer;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Measures what a format costs: compiling, and the time of the engine's thread for each token, at the first visit of its
 * states and when they are known, and what is computed elsewhere. It runs only when named, over the tokenizer of any checkpoint, by its folder:
 *
 * <pre>
 * mvn -pl benchmark -am -Dtest=FormatCost -Dsurefire.failIfNoSpecifiedTests=false -Dinternvl.tokenizer=FOLDER test
 * </pre>
 *
 * Answers come from random logits, ten of at most 120 tokens for each format, after a round to warm up. Formats that were made
 * to be slow may be refused; the table says so. They come a second time with answers of one letter.
 */
class FormatCost {
    private static final int ANSWERS = 10;
    private static final int MOST_TOKENS = 120;
    private static final String FORCED = ", always a";
    private static final ThreadMXBean CLOCK = ManagementFactory.getThreadMXBean();

    private final Tokenizer tokenizer = Tokenizer.load(
            Checkout.ROOT.resolve(Path.of(System.getProperty("internvl.tokenizer", "models/internvl-demo"))));
    private final int end = tokenizer.id("<|im_end|>").orElseThrow();
    private final int letter = tokenizer.id("a").orElseThrow();
    private final float[] favour = new float[tokenizer.size()];

    private static Map<String, OutputFormat> formats() {
        Map<String, OutputFormat> formats = new LinkedHashMap<>();
        formats.put("choice", OutputFormat.choice("red", "green", "blue", "dark green"));
        formats.put("JSON object", OutputFormat.json());
        formats.put("schema", OutputFormat.jsonSchema("""
                        {"type": "object", "required": ["name", "age", "colour", "address"], "properties": {
                          "name": {"type": "string"},
                          "age": {"type": "integer", "minimum": 0, "maximum": 150},
                          "tags": {"type": "array", "items": {"enum": ["a", "b", "c"]}, "maxItems": 5},
                          "colour": {"enum": ["red", "green"]},
                          "address": {"type": "object", "required": ["street", "zip"], "properties": {
                            "street": {"type": "string"}, "zip": {"type": "string", "pattern": "^[0-9]{5}$"}}}}}"""));
        formats.put("string of 10 to 500 characters", OutputFormat.jsonSchema("""
                        {"type": "string", "minLength": 10, "maxLength": 500}"""));
        formats.put("[^\\n]*\\.", OutputFormat.regex("[^\\n]*\\."));
        formats.put("[a-z ]{1,500}\\.", OutputFormat.regex("[a-z ]{1,500}\\."));
        formats.put(
                "1,000 fields",
                OutputFormat.jsonSchema(IntStream.range(0, 1000)
                        .mapToObj(i -> "\"field_" + i + "\":{\"type\":\""
                                + List.of("string", "integer").get(i % 2) + "\"}")
                        .collect(Collectors.joining(",", "{\"type\":\"object\",\"properties\":{", "}}"))));
        SplittableRandom random = new SplittableRandom(1);
        String[] words = IntStream.range(0, 50_000)
                .mapToObj(i -> random.ints(6 + random.nextInt(20), 'a', 'z' + 1)
                        .mapToObj(Character::toString)
                        .collect(Collectors.joining()))
                .toArray(String[]::new);
        formats.put("50,000 choices", OutputFormat.choice(words));
        formats.put("50,000 words, regex", OutputFormat.regex(String.join("|", words)));
        for (String slow :
                List.of("(.{1,50}){1,50}x", "(a.{0,60}){0,60}b", ".*a.{9000}|.*", "((a|ab|abc|.){0,80}){0,40}z")) {
            formats.put(slow, OutputFormat.regex(slow));
            formats.put(slow + FORCED, OutputFormat.regex(slow));
        }
        return formats;
    }

    /** Time that the tokens of some answers took: on the engine's thread, and on threads that it did not wait for. */
    private static final class Times {
        private final List<Long> processor = new ArrayList<>();
        private long longest; // of the engine's thread, on the clock
        private int elsewhere;
        private long longestElsewhere;

        String summary() {
            Collections.sort(processor);
            return "%d | %d | %d | %.1f | %d | %d"
                    .formatted(at(0.5), at(0.99), at(1), longest / 1e6, elsewhere, longestElsewhere / 1_000_000);
        }

        private long at(double share) {
            int index = (int) Math.min(processor.size() - 1, share * processor.size());
            return processor.get(index) / 1000;
        }
    }

    @Test
    void printsTheTable() {
        for (int id = 0; id < favour.length; id++) {
            String text = new String(tokenizer.bytes(id), StandardCharsets.UTF_8);
            favour[id] = id == end ? 2 : Set.of("\"", "]", "}", ".").contains(text) ? 1 : 0;
        }
        System.out.printf(
                "%d tokens; at first, then when known: microseconds of processor time of the engine's thread,"
                        + " median, 99 %% and worst, its longest time in ms, tokens computed elsewhere, the longest in ms%n",
                tokenizer.size());
        for (boolean warm : new boolean[] {false, true}) {
            long start = System.nanoTime();
            Formats formats = new Formats(tokenizer, Set.of(end));
            formats.rule(OutputFormat.choice("x"), 1, Meter.FREE);
            double vocabulary = (System.nanoTime() - start) / 1e6;
            for (Map.Entry<String, OutputFormat> each : formats().entrySet()) {
                start = System.nanoTime();
                long[] steps = new long[1];
                formats.rule(each.getValue(), 1, more -> steps[0] += more);
                double compiled = (System.nanoTime() - start) / 1e6;
                boolean forced = each.getKey().endsWith(FORCED);
                Times first = times(formats, each.getValue(), forced);
                Times known = times(formats, each.getValue(), forced);
                assertThat(first.processor).isNotEmpty();
                if (warm) {
                    System.out.printf(
                            "| %s | %.1f | %,d | %s | %s |%n",
                            each.getKey(), compiled, steps[0], first.summary(), known.summary());
                }
            }
            System.out.printf("vocabulary %.0f ms%n", vocabulary);
        }
    }

    private Times times(Formats formats, OutputFormat format, boolean forced) {
        Times times = new Times();
        for (int seed = 0; seed < ANSWERS; seed++) {
            try {
                answer(formats.rule(format, 1, Meter.FREE), seed, forced, times);
            } catch (InvalidRequestException e) {
                System.out.printf("refused after %d tokens: %s%n", times.processor.size(), e.getMessage());
                break;
            }
        }
        return times;
    }

    private void answer(FormatRule rule, long seed, boolean forced, Times times) {
        SplittableRandom random = new SplittableRandom(seed);
        int[] ids = {};
        while (ids.length < MOST_TOKENS) {
            float closing = Math.max(0, (ids.length - 20) / 20f);
            float[] logits = new float[favour.length];
            for (int id = 0; id < logits.length; id++) {
                logits[id] = (float) random.nextDouble() + closing * favour[id];
            }
            logits[letter] += forced ? 100 : 0;
            long start = System.nanoTime();
            long used = CLOCK.getCurrentThreadCpuTime();
            boolean ready = rule.isReady(ids);
            times.processor.add(CLOCK.getCurrentThreadCpuTime() - used);
            times.longest = Math.max(times.longest, System.nanoTime() - start);
            rule.process(ids, logits);
            if (!ready) {
                times.elsewhere++;
                times.longestElsewhere = Math.max(times.longestElsewhere, System.nanoTime() - start);
            }
            int best = 0;
            for (int id = 1; id < logits.length; id++) {
                best = logits[id] > logits[best] ? id : best;
            }
            if (best == end) {
                return;
            }
            ids = Arrays.copyOf(ids, ids.length + 1);
            ids[ids.length - 1] = best;
        }
    }
}
