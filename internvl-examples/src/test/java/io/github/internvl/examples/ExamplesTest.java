package io.github.internvl.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.demo.DemoModel;
import io.github.internvl.fixtures.Checkout;
import java.awt.Rectangle;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Runs every example once as it stands, on the demo model and the samples, and holds it to the output that README.md shows. An
 * ellipsis there stands for text that differs from run to run. With {@code -Dinternvl.updateExamples=true} README.md takes the
 * lines that have changed.
 */
@Timeout(120)
class ExamplesTest {
    private static final Path README = Path.of("README.md");
    private static final Pattern SHOWN =
            Pattern.compile("(?m)^## (\\w+)\n(?:(?!```|^## ).*\n)*```\n((?:(?!```).*\n)+)```\n");
    private static final String COMMIT = "89abcdef0123456789abcdef0123456789abcdef";

    /** An example and its output as shown. */
    record Shown(String example, String output) {
        @Override
        public String toString() {
            return example;
        }
    }

    static List<Shown> shown() {
        return SHOWN.matcher(Checkout.read(README))
                .results()
                .map((MatchResult found) -> new Shown(found.group(1), found.group(2)))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("shown")
    void printsWhatTheReadmeShows(Shown shown) throws Exception {
        String printed = print(shown.example());
        if (Boolean.getBoolean("internvl.updateExamples")) {
            update(shown, printed);
        }
        assertThat(printed)
                .as("output of %s; if the change is meant, run the test with -Dinternvl.updateExamples=true", shown)
                .matches(pattern(shown.output()));
    }

    @Test
    void showsEveryExample() {
        List<String> programs = Checkout.files("internvl-examples/src/main", ".java").stream()
                .filter(file -> Checkout.read(file).contains("void main(String[] args)"))
                .map(file -> file.getFileName().toString().replace(".java", ""))
                .toList();
        assertThat(shown()).extracting(Shown::example).containsExactlyElementsOf(programs);
    }

    @ParameterizedTest
    @MethodSource("shown")
    void showsNoEmptyAnswer(Shown shown) {
        assertThat(shown.output().lines().map(line -> line.replaceFirst("^Assistant:", "")))
                .as(shown.output())
                .isNotEmpty()
                .allSatisfy(line -> assertThat(line).isNotBlank());
    }

    @Test
    void showsTheRedCircleWhereItIs() {
        List<Integer> edges = Pattern.compile("\\d+")
                .matcher(output("Grounding"))
                .results()
                .map((MatchResult number) -> Integer.valueOf(number.group()))
                .toList();
        Rectangle found = new Rectangle(edges.get(0), edges.get(1), edges.get(2), edges.get(3));
        assertThat(found).matches(box -> box.contains(75, 95, 70, 70), "holds the middle of the circle");
        assertThat(found).matches(new Rectangle(20, 40, 180, 180)::contains, "is not much larger");
    }

    @Test
    void showsTokensThatWereThereForTheSecondQuestionOnly() {
        assertThat(output("ManyCallers").lines().map(line -> line.contains("(0 of ")))
                .containsExactly(true, false);
    }

    @ParameterizedTest
    @ValueSource(strings = {"HelloWorld", "SingleImage", "Streaming", "GenerationSettings", "BatchInference"})
    void showsWhatIsInThePicture(String example) {
        assertThat(output(example).toLowerCase(Locale.ROOT))
                .contains("red circle", "green star", "blue square", "orange triangle");
    }

    private static String output(String example) {
        return shown().stream()
                .filter(shown -> shown.example().equals(example))
                .findFirst()
                .orElseThrow()
                .output();
    }

    private static Pattern pattern(String shown) {
        return Pattern.compile(
                Stream.of(shown.split("…", -1)).map(Pattern::quote).collect(Collectors.joining(".*")));
    }

    /** Leaves the lines that are right, with their ellipses. */
    private static void update(Shown shown, String printed) throws IOException {
        List<String> before = shown.output().lines().toList();
        List<String> lines = new ArrayList<>(printed.lines().toList());
        for (int i = 0; i < Math.min(before.size(), lines.size()); i++) {
            if (pattern(before.get(i)).matcher(lines.get(i)).matches()) {
                lines.set(i, before.get(i));
            }
        }
        String readme = Checkout.read(README);
        int start = readme.indexOf(shown.output(), readme.indexOf("## " + shown.example() + "\n"));
        Files.writeString(
                README,
                readme.substring(0, start)
                        + String.join("\n", lines)
                        + "\n"
                        + readme.substring(start + shown.output().length()));
    }

    private static String print(String example) throws Exception {
        putDemoModelIntoTheCache();
        String[] arguments = example.equals("Hello")
                ? new String[] {DemoModel.sample("shapes.png").toString()}
                : new String[0];
        PrintStream console = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            Class.forName(ExamplesTest.class.getPackageName() + "." + example)
                    .getMethod("main", String[].class)
                    .invoke(null, (Object) arguments);
        } finally {
            System.setOut(console);
        }
        return printed.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
    }

    /** Stands for the download of the published model that two examples name. */
    private static void putDemoModelIntoTheCache() throws IOException {
        Path repo = Path.of(System.getenv("HF_HUB_CACHE")).resolve("models--OpenGVLab--InternVL2_5-1B");
        Path snapshot = Files.createDirectories(repo.resolve("snapshots").resolve(COMMIT));
        try (Stream<Path> files = Files.list(DemoModel.path())) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, snapshot.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        Files.writeString(Files.createDirectories(repo.resolve("refs")).resolve("main"), COMMIT);
    }
}
