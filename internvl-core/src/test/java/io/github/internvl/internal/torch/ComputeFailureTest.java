package io.github.internvl.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.engine.EngineException;
import io.github.internvl.InternVLException;
import io.github.internvl.ModelMemoryException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ComputeFailureTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 139 GiB",
                "CUDA error: out of memory",
                "CUDA error: cudaGraphLaunch returned 2",
                "[enforce fail at alloc_cpu.cpp:115] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 9",
                "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"
            })
    void memoryThatIsMissingHasATypeOfItsOwnAndEndsNothing(String message) {
        RuntimeException failure = new EngineException(message);

        assertThat(ComputeFailure.of(failure))
                .isInstanceOf(ModelMemoryException.class)
                .hasMessageContaining(message)
                .hasMessageContaining("ask for less at once")
                .hasCause(failure);
        assertThat(ComputeFailure.isOfDevice(failure)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CUDA error: an illegal memory access was encountered",
                "CUDA error: device-side assert triggered",
                "CUDA error: cudaGraphLaunch returned 217",
                "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"
            })
    void aFailedGpuIsNeitherShortOfMemoryNorOfUse(String message) {
        RuntimeException failure = new EngineException(message);

        assertThat(ComputeFailure.of(failure)).isExactlyInstanceOf(InternVLException.class);
        assertThat(ComputeFailure.isOfDevice(failure)).isTrue();
    }

    @Test
    void aModelThatDoesNotFitHasATypeOfItsOwnToo() {
        RuntimeException failure = new EngineException(
                "Traceback\ntorch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.\n");

        assertThat(ComputeFailure.ofLoading(failure))
                .isInstanceOf(ModelMemoryException.class)
                .hasMessageStartingWith("the model does not fit: torch.OutOfMemoryError: CUDA out of memory. Tried")
                .hasMessageContaining("a format of fewer bits")
                .hasCause(failure);
    }

    @Test
    void aLibtorchWithoutCodeForTheGpuIsNamed() {
        assertThat(ComputeFailure.ofLoading(
                        new EngineException("RuntimeError: CUDA error: no kernel image is available for execution")))
                .isExactlyInstanceOf(InternVLException.class)
                .hasMessageStartingWith("libtorch must have code for the GPU's compute capability: ")
                .hasMessageContaining("take the build for CUDA 12.8");
        assertThat(ComputeFailure.ofLoading(new EngineException("RuntimeError: shapes")))
                .hasMessage("the model failed while loading: RuntimeError: shapes");
    }

    @Test
    void anExceptionOfJavaWhileLoadingStaysAsItIs() {
        RuntimeException failure = new IllegalArgumentException("no");
        assertThat(ComputeFailure.ofLoading(failure)).isSameAs(failure);
    }

    @Test
    void ofATracebackTheLineWithTheErrorIsTold() {
        RuntimeException failure = new EngineException(
                "The following operation failed\nFile \"decoder.py\", line 3\nRuntimeError: shapes\n");

        assertThat(ComputeFailure.of(failure)).hasMessage("the model failed while computing: RuntimeError: shapes");
        assertThat(ComputeFailure.isOfDevice(failure)).isFalse();
    }
}
