package io.github.internvl.tests.rules;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.InternVL;
import io.github.internvl.demo.DemoModel;
import io.github.internvl.fixtures.Checkout;
import io.github.internvl.vision.Image;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The code that a first program enters: a Java virtual machine of its own asks about one picture and logs the classes that it loads. */
class HelloWorldTest {
    private static final int CLASSES = 126;
    private static final int LINES = 17_020;

    private static final Pattern LOADED = Pattern.compile("(io\\.github\\.internvl\\.[\\w.]+)\\S* source: ");

    @TempDir
    private Path folder;

    @Test
    @Timeout(120)
    void staysShort() throws IOException, InterruptedException {
        Map<String, Long> lines = linesOfLoadedClasses();
        long sum = lines.values().stream().mapToLong(Long::longValue).sum();
        String report = lines.size() + " classes, " + sum + " lines: " + lines;
        assertThat(lines.size()).as(report).isLessThanOrEqualTo(CLASSES);
        assertThat(sum).as(report).isLessThanOrEqualTo(LINES);
    }

    private Map<String, Long> linesOfLoadedClasses() throws IOException, InterruptedException {
        Path log = folder.resolve("classes.log");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "-Xlog:class+load:file=" + log.getFileName(),
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        HelloWorldTest.class.getName())
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(printed).isZero();
        assertThat(printed).contains("green");
        List<String> loaded = LOADED.matcher(Files.readString(log))
                .results()
                .map((MatchResult result) -> result.group(1))
                .distinct()
                .toList();
        Map<String, Long> lines = new TreeMap<>();
        for (Path file : Checkout.files("", ".java")) {
            String name = Checkout.name(file);
            int start = name.indexOf("/src/main/java/");
            if (start >= 0) {
                String type = name.substring(start + "/src/main/java/".length(), name.length() - ".java".length())
                        .replace('/', '.');
                if (loaded.contains(type) && !type.startsWith("io.github.internvl.demo.")) {
                    lines.put(type, Checkout.read(file).lines().count());
                }
            }
        }
        return lines;
    }

    /** The first program: one question about one picture. */
    public static void main(String[] arguments) {
        try (InternVL model = InternVL.load(DemoModel.path())) {
            System.out.println(model.chat("What color is the star?", Image.open(DemoModel.sample("shapes.png")))
                    .text());
        }
    }
}
