package io.github.internvl.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CudaDevicesTest {
    @TempDir
    Path root;

    @Test
    void takesMemoryThatNothingTellsForEndless() {
        assertThat(CudaDevices.freeBytes("cuda:999")).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void knowsNothingOfADeviceThatIsNotThere() {
        assertThat(CudaDevices.totalBytes("cuda:999")).isZero();
        assertThat(CudaDevices.capability("cuda:999")).isZero();
    }

    @Test
    void findsAGpuByTheFilesOfItsDriver() throws IOException {
        assertThat(CudaDevices.hasDriver(root)).isFalse();
        Files.createFile(Files.createDirectory(root.resolve("dev")).resolve("nvidia0"));
        assertThat(CudaDevices.hasDriver(root)).isTrue();
    }

    @Test
    void namesAsManyDevicesAsLibtorchSees() {
        assertThat(CudaDevices.names()).hasSize(TorchRuntime.gpuCount()).doesNotHaveDuplicates();
    }
}
