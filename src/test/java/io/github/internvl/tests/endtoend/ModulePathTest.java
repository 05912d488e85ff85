package io.github.internvl.tests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.internvl.fixtures.Checkout;
import java.io.File;
import java.io.IOException;
import java.lang.module.FindException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A program of named modules, as Java's module path wants it; the native libraries stay on the class path. Runs on packaged jars. */
class ModulePathTest {
    private static final int LIBRARIES = 13;
    private static final Pattern OUR_JAR = Pattern.compile(
            "internvl-(tokenizer|vision|video|web|grammar|hub|core|micrometer|langchain4j|kotlin|spring-boot-starter|server|demo)-\\d.*\\.jar");
    private static final List<String> ENTRIES =
            List.of(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))
                    .split(File.pathSeparator));

    private static final String MODULE = """
            module first {
                requires io.github.internvl;
                requires io.github.internvl.demo;
            }
            """;

    private static final String PROGRAM = """
            package first;

            import io.github.internvl.*;
            import io.github.internvl.demo.DemoModel;
            import io.github.internvl.vision.*;

            public class First {
                public static void main(String[] arguments) {
                    try (InternVL model = InternVL.load(DemoModel.path())) {
                        System.out.println(model.chat("What color is the star?", Image.open(DemoModel.sample("shapes.png"))).text());
                        GenerationConfig choice = GenerationConfig.builder().format(OutputFormat.choice("red", "blue")).build();
                        System.out.println(model.chat(ChatRequest.builder().text("A color?").generation(choice).build()).text());
                        System.out.println(Video.open(DemoModel.sample("clip.mp4")).sample(Video.Sampling.frames(3)).size() + " frames");
                    }
                }
            }
            """;

    @TempDir
    private Path folder;

    @Test
    void givesEveryLibraryAModuleThatHidesItsInternals() {
        for (Path jar : jars()) {
            ModuleDescriptor module =
                    ModuleFinder.of(jar).findAll().iterator().next().descriptor();
            assertThat(module.isAutomatic()).as(jar.toString()).isFalse();
            assertThat(module.exports())
                    .as(module.name())
                    .isNotEmpty()
                    .allSatisfy(export -> assertThat(export.isQualified())
                            .as(export.source())
                            .isEqualTo(export.source().matches(".*\\.(internal|tiles|grammar)(\\..*)?")));
        }
    }

    @Test
    @Timeout(120)
    void answersFromTheModulePath() throws IOException, InterruptedException {
        jars();
        String modules = String.join(
                File.pathSeparator,
                ENTRIES.stream().filter(entry -> isModule(Path.of(entry))).toList());
        String others = String.join(
                File.pathSeparator,
                ENTRIES.stream()
                        .filter(entry -> entry.endsWith(".jar") && !isModule(Path.of(entry)))
                        .toList());
        Path out = folder.resolve("out");
        Path module = Files.writeString(folder.resolve("module-info.java"), MODULE);
        Path program = Files.writeString(
                Files.createDirectories(folder.resolve("first")).resolve("First.java"), PROGRAM);
        assertThat(ToolProvider.getSystemJavaCompiler()
                        .run(
                                null,
                                null,
                                null,
                                "-d",
                                out.toString(),
                                "-p",
                                modules,
                                module.toString(),
                                program.toString()))
                .isZero();
        String path = out + File.pathSeparator + modules;
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "-p",
                        path,
                        "-cp",
                        others,
                        "-m",
                        "first/first.First")
                .redirectErrorStream(true)
                .start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(printed).isZero();
        assertThat(printed).contains("green", "3 frames").containsAnyOf("red", "blue");
    }

    /** Whether an entry of the class path is a jar with a module of ours or of others; jars of native libraries have no valid name. */
    private static boolean isModule(Path entry) {
        String name = entry.getFileName().toString();
        if (!name.endsWith(".jar") || name.matches(".*(x86_64|arm64|aarch64)\\.jar")) {
            return false;
        }
        try {
            return ModuleFinder.of(entry).findAll().stream()
                    .map(ModuleReference::descriptor)
                    .noneMatch(module -> module.name()
                            .matches(".*(junit|assertj|opentest4j|archunit|fixtures|examples|cli|spring).*"));
        } catch (FindException e) {
            return false;
        }
    }

    /** Our jars on the class path; in a build that packs nothing, folders of classes stand there. */
    private static List<Path> jars() {
        List<Path> jars = ENTRIES.stream()
                .map(Path::of)
                .filter(entry -> entry.startsWith(Checkout.ROOT)
                        && OUR_JAR.matcher(entry.getFileName().toString()).matches())
                .toList();
        assumeTrue(jars.size() == LIBRARIES, "the class path has the libraries as folders of classes, not as jars");
        return jars;
    }
}
