package io.github.internvl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Holds the README's first command to what it says there: the questions about a sample picture, and the answers. */
class ReadmeTest {
    private static final Pattern COMMAND =
            Pattern.compile("```bash\nbin/internvl (.*) <<END\n((?:.+\n)+)END\n```\n\n```\n((?:.+\n)+)```\n");

    @Test
    void answersTheFirstCommandAsShown() throws IOException {
        Matcher shown =
                COMMAND.matcher(Files.readString(Path.of("../README.md")).replace("\r\n", "\n"));
        assertThat(shown.find()).isTrue();
        String arguments = shown.group(1).replace("models/", "../models/") + " --model ../models/internvl-demo";
        CommandRun run = CommandRun.reading(shown.group(2), arguments.split(" "));
        assertThat(run.err()).isEmpty();
        assertThat(run.out()).isEqualTo(shown.group(3));
        assertThat(run.exitCode()).isZero();
    }
}
