package io.github.internvl.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoModelTest {
    private static final Path CLASSES = Path.of("target/classes");
    private static final Path COMMITTED = Path.of("internvl-demo");
    private static final long MOST_BYTES = 16L << 20;

    @TempDir
    Path folder;

    /** A program with the jar on its class path: prints where model and picture are. */
    static final class Program {
        public static void main(String[] args) {
            System.out.println(DemoModel.path());
            System.out.println(DemoModel.sample("shapes.png"));
        }
    }

    @Test
    void leavesFilesWhereTheyLieInAFolder() throws IOException {
        assertThat(DemoModel.path().toRealPath())
                .isEqualTo(
                        CLASSES.resolve("io/github/internvl/demo/internvl-demo").toRealPath());
        assertThat(DemoModel.sample("clip-4.png")).hasSameBinaryContentAs(Path.of("samples/clip-4.png"));
    }

    @Test
    void holdsTheWholeCheckpointWithinItsSize() throws IOException {
        assertThat(names(DemoModel.path())).isEqualTo(names(COMMITTED));
        long bytes = 0;
        for (String name : names(DemoModel.path())) {
            bytes += Files.size(DemoModel.path().resolve(name));
        }
        assertThat(bytes).isLessThan(MOST_BYTES);
    }

    @Test
    void givesEverySample() throws IOException {
        assertThat(names(Path.of("samples")))
                .isNotEmpty()
                .allSatisfy(name -> assertThat(DemoModel.sample(name)).isRegularFile());
    }

    @Test
    void namesTheSamplesThereAre() {
        assertThatThrownBy(() -> DemoModel.sample("../pom.xml"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("../pom.xml")
                .hasMessageContaining("shapes.png");
    }

    @Test
    void copiesFilesOutOfAJarForSeveralProcessesAtOnce() throws Exception {
        Path jar = jar();
        List<Process> running = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            running.add(start(jar));
        }
        List<String> printed = new ArrayList<>();
        for (Process process : running) {
            printed.add(output(process));
        }
        assertThat(printed).containsOnly(printed.get(0));
        assertHoldsTheModel(printed.get(0));
    }

    @Test
    void mendsWhatACleanUpTook() throws Exception {
        Path jar = jar();
        String first = output(start(jar));
        Path model = Path.of(first.lines().findFirst().orElseThrow());
        Files.delete(model.resolve("config.json"));
        Files.writeString(model.resolve("vocab.json"), "{}");
        assertThat(output(start(jar))).isEqualTo(first);
        assertHoldsTheModel(first);
    }

    private void assertHoldsTheModel(String printed) throws IOException {
        List<Path> lines = printed.lines().map(Path::of).toList();
        assertThat(lines.get(0)).startsWith(folder);
        assertThat(names(lines.get(0))).isEqualTo(names(COMMITTED));
        for (String name : names(COMMITTED)) {
            assertThat(lines.get(0).resolve(name)).hasSameBinaryContentAs(COMMITTED.resolve(name));
        }
        assertThat(lines.get(1)).hasSameBinaryContentAs(Path.of("samples/shapes.png"));
    }

    private Process start(Path jar) throws IOException {
        String classPath = jar + System.getProperty("path.separator") + Path.of("target/test-classes");
        ProcessBuilder java = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.io.tmpdir=" + folder,
                "-cp",
                classPath,
                Program.class.getName());
        return java.redirectErrorStream(true).start();
    }

    private static String output(Process process) throws Exception {
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(text).isZero();
        return text;
    }

    private Path jar() throws IOException {
        Path jar = folder.resolve("internvl-demo.jar");
        try (OutputStream out = Files.newOutputStream(jar);
                JarOutputStream entries = new JarOutputStream(out);
                Stream<Path> files = Files.walk(CLASSES)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                entries.putNextEntry(
                        new JarEntry(CLASSES.relativize(file).toString().replace('\\', '/')));
                Files.copy(file, entries);
            }
        }
        return jar;
    }

    /** The files of a checkpoint or of samples: not the model card, and not the log. */
    private static Set<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> !name.equals("README.md") && !name.endsWith(".jsonl"))
                    .collect(Collectors.toSet());
        }
    }
}
