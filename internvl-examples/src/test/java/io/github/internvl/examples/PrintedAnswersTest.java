package io.github.internvl.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.demo.DemoModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Holds every example to the output that README.md shows for it: it runs as it stands, on the demo model and the samples. An
 * ellipsis in the README stands for what differs from run to run.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
class PrintedAnswersTest {
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

    static List<Shown> shown() throws IOException {
        return SHOWN.matcher(Files.readString(README).replace("\r\n", "\n"))
                .results()
                .map((MatchResult found) -> new Shown(found.group(1), found.group(2)))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("shown")
    void printsWhatTheReadmeShows(Shown shown) throws Exception {
        String expected =
                Stream.of(shown.output().split("…", -1)).map(Pattern::quote).collect(Collectors.joining(".*"));
        String printed = print(shown.example());
        if (Boolean.getBoolean("internvl.updateExamples")) {
            String readme = Files.readString(README);
            int start = readme.indexOf(shown.output(), readme.indexOf("## " + shown.example() + "\n"));
            Files.writeString(
                    README,
                    readme.substring(0, start)
                            + printed
                            + readme.substring(start + shown.output().length()));
        }
        assertThat(printed)
                .as("output of %s; if the change is meant, run the test with -Dinternvl.updateExamples=true", shown)
                .matches(Pattern.compile(expected));
    }

    @Test
    void showsEveryExample() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("src/main/java/io/github/internvl/examples"))) {
            List<String> examples = files.filter(PrintedAnswersTest::runs)
                    .map(file -> file.getFileName().toString().replace(".java", ""))
                    .toList();
            assertThat(shown()).extracting(Shown::example).containsExactlyInAnyOrderElementsOf(examples);
        }
    }

    private static boolean runs(Path file) {
        try {
            return Files.readString(file).contains("void main(String[] args)");
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static String print(String example) throws Exception {
        putDemoModelIntoTheCache();
        boolean namesPicture = example.equals("Hello");
        String[] arguments =
                namesPicture ? new String[] {DemoModel.sample("shapes.png").toString()} : new String[0];
        PrintStream console = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            Class.forName(PrintedAnswersTest.class.getPackageName() + "." + example)
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
