package io.github.internvl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.internal.model.Machine;
import java.io.BufferedReader;
import java.io.PrintWriter;
import java.io.Reader;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DoctorReportTest {
    private final StringWriter out = new StringWriter();
    private final DoctorReport report = new DoctorReport(new Terminal(
            new BufferedReader(Reader.nullReader()),
            new PrintWriter(out),
            new PrintWriter(Writer.nullWriter()),
            false));

    private String of(Machine.Gpu gpu) {
        report.machine(new Machine("2.7.1", true, true, Optional.empty(), Optional.of("12.8"), List.of(gpu)));
        return out.toString();
    }

    @Test
    void saysSoWhereNothingTellsOfAGpu() {
        assertThat(of(new Machine.Gpu("cuda:0", Optional.of("GPU"), 0, 0, Long.MAX_VALUE)))
                .contains("- cuda:0: GPU, compute capability unknown, memory unknown")
                .doesNotContain("bfloat16", "little memory");
    }

    @Test
    void hintsAtAnOldGpuThatIsFull() {
        assertThat(of(new Machine.Gpu("cuda:0", Optional.of("GPU"), 75, 16L << 30, 1L << 30)))
                .contains("compute capability 7.5, 1.0 GiB of 16", "imitates bfloat16", "little memory free");
    }

    @Test
    void namesNoFolderOfTheUserOrTheModel() {
        Path model = Path.of("models", "some");
        report.hide(model);
        Path home = Path.of(System.getProperty("user.home"));
        report.fault(model.toAbsolutePath().resolve("config.json") + " is missing,\n  as is " + model + " in "
                + home.resolve("x"));
        assertThat(out.toString().strip())
                .isEqualTo("- FAULT: " + Path.of("some", "config.json") + " is missing, as is some in "
                        + Path.of("~", "x"));
    }
}
