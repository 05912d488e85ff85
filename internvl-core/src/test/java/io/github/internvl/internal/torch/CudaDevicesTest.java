package io.github.internvl.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CudaDevicesTest {
    @Test
    void takesMemoryThatNothingTellsForEndless() {
        assertThat(CudaDevices.freeBytes("cuda:999")).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void namesAsManyDevicesAsLibtorchSees() {
        assertThat(CudaDevices.names()).hasSize(TorchRuntime.gpuCount()).doesNotHaveDuplicates();
    }
}
