package io.github.internvl.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.internvl.InternVLException;
import io.github.internvl.internal.model.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("any-jdk")
class DoctorCommandTest {
    @TempDir
    private Path folder;

    @Test
    void reportsAnswersAndSpeedOfTheCpuWithoutNamingAFolder() throws IOException {
        Path report = folder.resolve("report.md");
        CommandRun run =
                CommandRun.of("doctor", "--device", "cpu", "--out", report.toString(), TinyModel.FOLDER.toString());
        assertThat(run.exitCode()).as(run.out() + run.err()).isZero();
        assertThat(report)
                .content()
                .isEqualTo(run.out())
                .startsWith("# internvl doctor\n\n- InternVL for Java ")
                .contains("\n- libtorch 2.7.1, a build for ")
                .containsPattern("\\| float32 \\| (\\d+) of \\1 \\| 0.0 of ")
                .contains("\n| bfloat16 | ", "\n| float16 | ", "\n| fp8 | ", "\n| int8 | ", "\n| int4 | ")
                .containsPattern("\\| vision_1tile \\| .* \\| s/tile \\| ")
                .containsPattern("\\| prefill_300 \\| .* \\| tok/s \\| \\d+ % \\|")
                .containsPattern("\\| decode_300_x32 \\| .* \\| tok/s \\| \\d+ % \\|")
                .endsWith("## Summary\n\nNo fault was found.\n")
                .doesNotContain(TinyModel.FOLDER.toString())
                .doesNotContain(folder.toString());
    }

    @Test
    void findsAFaultWhereNoGpuIsToCheck() {
        assumeTrue(Machine.look().gpus().isEmpty());
        CommandRun run = CommandRun.of(
                "doctor", "--gpu", "--out", folder.resolve("report.md").toString(), TinyModel.FOLDER.toString());
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.out()).contains("- FAULT: There is no GPU to check.").endsWith("- There is no GPU to check.\n");
    }

    @Test
    void writesAReportOfACheckThatEndsEarly() throws IOException {
        Path report = folder.resolve("report.md");
        Path model = Files.createDirectory(folder.resolve("empty"));
        CommandRun run = CommandRun.of("doctor", "--device", "cpu", "--out", report.toString(), model.toString());
        assertThat(run.exitCode()).as(run.out() + run.err()).isEqualTo(1);
        assertThat(report)
                .content()
                .startsWith("# internvl doctor\n\n- InternVL for Java ")
                .contains("- FAULT: The check ended early: ", "\n## Summary\n\n- The check ended early: ")
                .doesNotContain(folder.toString());
    }

    @Test
    void aRefusalOfAPrecisionIsNoFaultAndAFailureOfTheDeviceIsOne() {
        assertThat(PrecisionCheck.isRefusal(new InternVLException("m: widths must be multiples of 32 for INT4: [9]")))
                .isTrue();
        assertThat(PrecisionCheck.isRefusal(new InternVLException("the model does not fit: CUDA out of memory")))
                .isTrue();
        assertThat(PrecisionCheck.isRefusal(new InternVLException(
                        "the model failed while computing: CUDA error: an illegal memory access")))
                .isFalse();
    }

    @Test
    void refusesTwoDevices() {
        assertThat(CommandRun.of("doctor", "--gpu", "--device", "cpu").err())
                .contains("--gpu cannot be combined with --device");
        assertThat(CommandRun.of("doctor", "--devices", "auto").err())
                .contains("--devices and --tp have no meaning here");
        assertThat(CommandRun.of("doctor", "--gpu", "--tp", "2").err())
                .contains("--devices and --tp have no meaning here");
    }
}
