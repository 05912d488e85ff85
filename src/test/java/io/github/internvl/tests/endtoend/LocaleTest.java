package io.github.internvl.tests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.fixtures.Checkout;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The real command, in a process with a locale of its own, and with arguments in other scripts. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "Windows hands arguments on in UTF-16, whatever the locale")
class LocaleTest {
    private static final String DEMO =
            Checkout.ROOT.resolve("models/internvl-demo").toString();

    @TempDir
    private Path folder = Path.of("");

    @ParameterizedTest
    @ValueSource(strings = {"-u LC_ALL -u LC_CTYPE -u LANG", "-u LC_ALL -u LC_CTYPE LANG=C", "LC_ALL=xx_YY.UTF-8"})
    void takesOtherScriptsInEveryLocale(String environment) throws IOException, InterruptedException {
        assertThat(run(environment, "chat --image 形状.png 'What color is the star?'"))
                .isEqualTo("green");
    }

    @Test
    void keepsChoicesAsTheyWereWritten() throws IOException, InterruptedException {
        assertThat(run("LC_ALL=C", "chat --choice '绿色,红色' x")).isIn("绿色", "红色");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void refusesWhatTheLocaleDamaged() throws IOException, InterruptedException {
        String java = "\"$JAVA_HOME/bin/java\" -jar internvl-cli/target/internvl.jar";
        assertThat(script("env -u LC_ALL -u LC_CTYPE LANG=xx_YY.UTF-8 " + java + " chat x '这'"))
                .startsWith("internvl: argument 3 must be text in the locale's character set, ")
                .endsWith("; the locale is LANG=xx_YY.UTF-8, which is not UTF-8 or not installed: set LC_ALL=C.UTF-8");
        assertThat(script("env -u LC_ALL -u LC_CTYPE -u LANG INTERNVL_MODEL=模型 " + java + " info"))
                .startsWith("internvl: INTERNVL_MODEL must be text in the locale's character set, ")
                .endsWith("; the locale is none, which is not UTF-8 or not installed: set LC_ALL=C.UTF-8");
        assertThat(script("LC_ALL=C.UTF-8 INTERNVL_ARGUMENTS=这 " + java + " --version"))
                .startsWith("internvl ");
        assertThat(script("LC_ALL=C.UTF-8 " + java + " chat \"$(printf '\\377')\""))
                .startsWith("internvl: argument 2 must be text in the locale's character set, UTF-8: ");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void refusesALineThatIsNoText() throws IOException, InterruptedException {
        assertThat(script("printf 'caf\\351' | bin/internvl chat --model " + DEMO))
                .contains("internvl: a question must be UTF-8: \"caf?\" has invalid bytes; convert it");
    }

    @Test
    void setsTheLocaleInImagesAndInTheUnit() {
        String dockerfile = Checkout.read(Checkout.ROOT.resolve("Dockerfile"));
        assertThat(Arrays.stream(dockerfile.split("(?m)^FROM ")).filter(stage -> stage.contains("ENTRYPOINT")))
                .hasSize(2)
                .allSatisfy(stage -> assertThat(stage).contains("\nENV LC_ALL=C.UTF-8 "));
        assertThat(Checkout.read(Checkout.ROOT.resolve("docs/serving.md"))).contains("\nEnvironment=LC_ALL=C.UTF-8 ");
    }

    private String run(String environment, String arguments) throws IOException, InterruptedException {
        return script("env " + environment + " bin/internvl " + arguments.replaceFirst("chat", "chat --model " + DEMO));
    }

    /** Output of a shell script beside {@code bin/internvl} and a picture whose name is in another alphabet. */
    private String script(String line) throws IOException, InterruptedException {
        Path bin = Files.createDirectories(folder.resolve("bin"));
        Files.copy(
                Checkout.ROOT.resolve("bin/internvl"),
                bin.resolve("internvl"),
                StandardCopyOption.REPLACE_EXISTING,
                StandardCopyOption.COPY_ATTRIBUTES);
        writeJar(Files.createDirectories(folder.resolve("internvl-cli/target")).resolve("internvl.jar"));
        Path script = folder.resolve("script.sh");
        Files.writeString(
                script,
                "cd '" + folder + "'\ncp '" + Checkout.ROOT + "/models/samples/shapes.png' 形状.png\n" + line + "\n",
                StandardCharsets.UTF_8);
        ProcessBuilder builder = new ProcessBuilder("sh", script.toString()).redirectErrorStream(true);
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process process = builder.start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return output.lines()
                .filter(text -> !text.startsWith("WARNING:"))
                .collect(Collectors.joining("\n"))
                .strip();
    }

    /** A jar that starts the command from this class path. */
    private static void writeJar(Path jar) throws IOException {
        Manifest manifest = new Manifest();
        Attributes attributes = manifest.getMainAttributes();
        attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        attributes.put(Attributes.Name.MAIN_CLASS, "io.github.internvl.cli.Main");
        attributes.put(new Attributes.Name("Enable-Native-Access"), "ALL-UNNAMED");
        attributes.put(
                Attributes.Name.CLASS_PATH,
                Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                        .map(entry -> Path.of(entry).toUri().toString())
                        .collect(Collectors.joining(" ")));
        try (OutputStream out = Files.newOutputStream(jar);
                JarOutputStream written = new JarOutputStream(out, manifest)) {
            written.finish();
        }
    }
}
