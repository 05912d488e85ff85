package io.github.internvl.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CpuThreadsTest {
    @TempDir
    private Path cpus;

    private void cpu(int number, String siblings) throws IOException {
        Path topology = Files.createDirectories(cpus.resolve("cpu" + number + "/topology"));
        Files.writeString(topology.resolve("thread_siblings_list"), siblings + "\n");
    }

    @Test
    void siblingsAreOneCore() throws IOException {
        cpu(0, "0,2");
        cpu(1, "1,3");
        cpu(2, "0,2");
        cpu(3, "1,3");
        Files.createDirectories(cpus.resolve("cpu4")); // switched off
        Files.createDirectories(cpus.resolve("cpufreq"));

        assertThat(CpuThreads.cores(cpus)).isEqualTo(2);
    }

    @Test
    void coresAreUnknownWhereNothingIsTold() {
        assertThat(CpuThreads.cores(cpus)).isZero();
        assertThat(CpuThreads.cores(cpus.resolve("none"))).isZero();
    }

    @Test
    void aChoiceOfTheProgramComesFirst() {
        assertThat(CpuThreads.choose(OptionalInt.of(3))).hasValue(3);
    }
}
