package io.github.internvl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {
    @Test
    void listsItsCommands() {
        CommandRun run = CommandRun.of("--help");
        assertThat(run.exitCode()).isZero();
        assertThat(run.out())
                .startsWith("Usage: internvl ")
                .contains("chat", "info", "download", "serve", "completion", "Examples:");
    }

    @ParameterizedTest
    @ValueSource(strings = {"chat", "info", "download", "serve", "export-graph"})
    void explainsEachCommandWithExamples(String command) {
        CommandRun run = CommandRun.of(command, "--help");
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).startsWith("Usage: internvl " + command).contains("Examples:\n  internvl " + command);
    }

    @Test
    void tellsItsVersion() {
        CommandRun run = CommandRun.of("--version");
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).startsWith("internvl ").contains("Java " + System.getProperty("java.version"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "draw"})
    void refusesWhatIsNoCommand(String line) {
        CommandRun run = CommandRun.of(line.isEmpty() ? new String[0] : new String[] {line});
        assertThat(run.err()).startsWith("internvl: ").endsWith("Try 'internvl --help'.\n");
        assertThat(run.exitCode()).isEqualTo(2);
    }

    @Test
    void namesTheModuleThatThisJavaLacks() throws IOException, InterruptedException {
        Process run = withFewModules("download", "OpenGVLab/InternVL2_5-1B");
        assertThat(output(run))
                .startsWith("internvl: the command needs a whole JDK: ")
                .contains("lacks java.desktop,java.net.http;", "--add-modules java.desktop,java.net.http");
        assertThat(run.waitFor()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"--version", "--help"})
    void tellsWhatItIsWithoutThoseModules(String option) throws IOException, InterruptedException {
        Process run = withFewModules(option);
        assertThat(output(run)).containsPattern("^(?:Usage: )?internvl ").doesNotContain("needs a whole JDK");
        assertThat(run.waitFor()).isZero();
    }

    private static Process withFewModules(String... args) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--limit-modules",
                "java.base,java.logging,jdk.jfr,java.management",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        command.addAll(List.of(args));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    private static String output(Process run) throws IOException {
        return new String(run.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
}
