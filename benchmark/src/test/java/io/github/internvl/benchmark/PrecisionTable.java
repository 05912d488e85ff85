package io.github.internvl.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.InternVL;
import io.github.internvl.Precision;
import io.github.internvl.fixtures.Checkout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Loads a model in a precision and prints what it costs: seconds to load, anonymous memory (what is not mapped from the
 * weights' files) taken by loading, and tokens per second, the best of three, for a prompt and for an answer. On Linux. It
 * runs only when named:
 *
 * <pre>
 * mvn -pl benchmark -am -Dtest=PrecisionTable -Dsurefire.failIfNoSpecifiedTests=false -Dinternvl.table=CHECKPOINT test
 * </pre>
 *
 * With {@code internvl.table.precision} (float32). One in a process, as memory that was freed is not given back.
 */
class PrecisionTable {
    private static final int RUNS = 3;
    private static final int NEW_TOKENS = 32;
    private static final String WORDS = "The lighthouse stands on the cliff, the boats are in the harbour. ".repeat(20);

    @Test
    void printsWhatAPrecisionCosts() throws IOException {
        Path folder = Checkout.ROOT.resolve(System.getProperty("internvl.table", "models/internvl-demo"));
        String name = System.getProperty("internvl.table.precision", "float32");
        System.out.printf("| precision | load s | anonymous MB | prefill tok/s | decode tok/s |%n");
        measure(folder, Precision.valueOf(name.toUpperCase(Locale.ROOT)));
    }

    private static void measure(Path folder, Precision precision) throws IOException {
        long before = anonymousBytes();
        long start = System.nanoTime();
        try (InternVL model =
                InternVL.builder(folder).device("cpu").precision(precision).load()) {
            double load = (System.nanoTime() - start) / 1e9;
            long memory = anonymousBytes() - before;
            List<ChatResponse> answers = IntStream.rangeClosed(0, RUNS)
                    .mapToObj(run -> ask(model, run))
                    .skip(1) // warms up
                    .toList();
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %.1f | %d | %.0f | %.1f |%n",
                    precision.name().toLowerCase(Locale.ROOT),
                    load,
                    memory >> 20,
                    best(answers.stream()
                            .map(a -> a.usage().promptTokens()
                                    / seconds(a.timings().prefill().toNanos()))
                            .toList()),
                    best(answers.stream()
                            .map(a -> (a.usage().generatedTokens() - 1)
                                    / seconds(a.timings().decode().toNanos()))
                            .toList()));
            assertThat(answers).allMatch(answer -> answer.usage().generatedTokens() > 1);
        }
    }

    /** Each run begins otherwise, so that nothing is left from the one before. */
    private static ChatResponse ask(InternVL model, int run) {
        return model.chat(ChatRequest.builder()
                .systemMessage(run + " times")
                .text(WORDS)
                .maxNewTokens(NEW_TOKENS)
                .build());
    }

    private static double best(List<Double> values) {
        return values.stream().max(Comparator.naturalOrder()).orElseThrow();
    }

    private static double seconds(long nanos) {
        return nanos / 1e9;
    }

    private static long anonymousBytes() throws IOException {
        System.gc();
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("RssAnon:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D+", "")) << 10)
                .sum();
    }
}
