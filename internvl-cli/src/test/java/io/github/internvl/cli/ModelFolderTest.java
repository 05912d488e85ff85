package io.github.internvl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;

class ModelFolderTest {
    private final CommandLine command = new CommandLine(new Nothing());

    @TempDir
    Path root;

    @Command(name = "nothing")
    private static final class Nothing {}

    @AfterEach
    void clear() {
        System.clearProperty("internvl.model");
    }

    @Test
    void takesTheFolderItIsGiven() {
        System.setProperty("internvl.model", "other");
        assertThat(ModelFolder.named("given", "MODEL", command)).isEqualTo("given");
    }

    @Test
    void takesTheFolderOfTheProperty() {
        System.setProperty("internvl.model", "named");
        assertThat(ModelFolder.named(null, "MODEL", command)).isEqualTo("named");
    }

    @Test
    void takesTheDemoModelWhereNothingIsNamed() throws IOException {
        assertThat(Path.of(ModelFolder.named(null, "MODEL", command)).toRealPath())
                .isEqualTo(Path.of("../models/internvl-demo").toRealPath());
    }

    @Test
    void findsTheDemoModelAboveTheProgram() throws IOException {
        Path demo = Files.createDirectories(root.resolve("models/internvl-demo"));
        Files.createFile(demo.resolve("config.json"));
        assertThat(ModelFolder.demoAbove(root.resolve("internvl-cli/target/internvl.jar")))
                .contains(demo);
    }

    @Test
    void passesOverAFolderWithoutConfiguration() throws IOException {
        Files.createDirectories(root.resolve("models/internvl-demo"));
        assertThat(ModelFolder.demoAbove(root.resolve("internvl-cli/target/internvl.jar")))
                .isEmpty();
    }
}
