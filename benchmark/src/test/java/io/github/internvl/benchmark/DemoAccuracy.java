package io.github.internvl.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.InternVL;
import io.github.internvl.InternVLBuilder;
import io.github.internvl.Precision;
import io.github.internvl.benchmark.HeldOut.Answered;
import io.github.internvl.benchmark.HeldOut.Score;
import io.github.internvl.fixtures.Checkout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Measures the demo model on held-out pictures and writes the table of its model card. It runs only when named:
 *
 * <pre>
 * mvn -pl benchmark -am -Dtest=DemoAccuracy -Dsurefire.failIfNoSpecifiedTests=false -Dinternvl.demo.set=FOLDER test
 * </pre>
 *
 * FOLDER, from the repository's root, is what {@code models/training/evaluate.py --export} wrote; without it, the small
 * set of the tests. With {@code internvl.demo.model} (models/internvl-demo), {@code internvl.demo.precisions}
 * (float32,bfloat16) and {@code internvl.demo.perKind} (all), the most questions of a kind; {@code internvl.demo.shortVision}
 * (false) puts the ViT into 8 bits. Wrong answers go to
 * {@code target/demo-wrong-PRECISION.tsv}: kind, pictures, question, right answer, given answer.
 */
class DemoAccuracy {
    private final Path model = Checkout.ROOT.resolve(System.getProperty("internvl.demo.model", "models/internvl-demo"));
    private final HeldOut heldOut = HeldOut.in(
                    Checkout.ROOT.resolve(System.getProperty("internvl.demo.set", "src/test/resources/demo/held-out")))
            .first(Integer.getInteger("internvl.demo.perKind", Integer.MAX_VALUE));
    private final List<Precision> precisions = Arrays.stream(
                    System.getProperty("internvl.demo.precisions", "float32,bfloat16")
                            .split(","))
            .map(name -> Precision.valueOf(name.strip().toUpperCase(Locale.ROOT)))
            .toList();

    @Test
    void printsTheTable() throws IOException {
        assertThat(heldOut.questions()).isNotEmpty();
        Map<Precision, List<Answered>> answers = new LinkedHashMap<>();
        for (Precision precision : precisions) {
            InternVLBuilder builder = InternVL.builder(model).device("cpu").precision(precision);
            if (Boolean.getBoolean("internvl.demo.shortVision")) {
                builder.visionPrecision(Precision.INT8);
            }
            try (InternVL loaded = builder.load()) {
                answers.put(precision, heldOut.answers(loaded));
            }
            Files.write(
                    Path.of("target/demo-wrong-" + name(precision) + ".tsv"),
                    answers.get(precision).stream()
                            .filter(Predicate.not(Answered::isRight))
                            .map(Answered::toString)
                            .toList());
        }
        System.out.println(line("kind", precisions.stream().map(DemoAccuracy::name)));
        System.out.println(line("---", precisions.stream().map(precision -> "---:")));
        List<String> kinds = heldOut.questions().stream()
                .map(HeldOut.Question::kind)
                .distinct()
                .sorted()
                .toList();
        for (String kind : kinds) {
            System.out.println(
                    row(kind, answers, answered -> answered.question().kind().equals(kind)));
        }
        System.out.println(row("all", answers, answered -> true));
    }

    private static String row(String name, Map<Precision, List<Answered>> answers, Predicate<Answered> counted) {
        return line(name, answers.values().stream().map(given -> {
            Score score = Score.of(given.stream().filter(counted));
            return String.format(Locale.ROOT, "%d/%d (%.1f %%)", score.right(), score.of(), 100 * score.share());
        }));
    }

    private static String line(String name, Stream<String> cells) {
        return cells.collect(Collectors.joining(" | ", "| " + name + " | ", " |"));
    }

    private static String name(Precision precision) {
        return precision.name().toLowerCase(Locale.ROOT);
    }
}
