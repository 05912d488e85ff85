package io.github.internvl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
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
        Process run = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--limit-modules",
                        "java.base,java.logging,jdk.jfr,java.management",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        "--version")
                .redirectErrorStream(true)
                .start();
        String said = new String(run.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(said)
                .startsWith("internvl: the command needs a whole JDK: ")
                .contains("lacks java.desktop,java.net.http;", "--add-modules java.desktop,java.net.http");
        assertThat(run.waitFor()).isEqualTo(2);
    }
}
