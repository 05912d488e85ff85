package io.github.internvl.internal.model;

import io.github.internvl.internal.torch.CudaDevices;
import io.github.internvl.internal.torch.CudaStream;
import io.github.internvl.internal.torch.TorchRuntime;
import java.util.List;
import java.util.Optional;

/**
 * The libtorch of this process and the GPUs of its machine, for a report.
 *
 * @param libtorch the version of libtorch
 * @param forCuda whether libtorch is a build for CUDA
 * @param hasGpu whether the machine has an NVIDIA GPU, by the files of its driver, or libtorch sees one
 * @param driver the driver's version; empty if nothing tells
 * @param runtime the version of CUDA's runtime; empty if there is none
 * @param gpus the devices that libtorch sees
 */
public record Machine(
        String libtorch,
        boolean forCuda,
        boolean hasGpu,
        Optional<String> driver,
        Optional<String> runtime,
        List<Gpu> gpus) {

    /** Copies the list. */
    public Machine {
        gpus = List.copyOf(gpus);
    }

    /**
     * A GPU.
     *
     * @param device its name, {@code cuda:N}
     * @param model its model; empty if nothing tells
     * @param capability its compute capability, such as 90 for 9.0
     * @param totalBytes bytes of its memory
     * @param freeBytes bytes of them that are free
     */
    public record Gpu(String device, Optional<String> model, int capability, long totalBytes, long freeBytes) {
        static Gpu of(String device) {
            return new Gpu(
                    device,
                    CudaDevices.model(device),
                    CudaDevices.capability(device),
                    CudaDevices.totalBytes(device),
                    CudaDevices.freeBytes(device));
        }
    }

    /** The number of CUDA graphs that this process has captured, of all models. */
    public static long capturedGraphs() {
        return CudaStream.captured();
    }

    /** This machine, now. */
    public static Machine look() {
        List<String> devices = CudaDevices.names();
        return new Machine(
                TorchRuntime.version(),
                TorchRuntime.isForCuda(),
                !devices.isEmpty() || CudaDevices.areInMachine(),
                CudaDevices.driver(),
                CudaDevices.runtime(),
                devices.stream().map(Gpu::of).toList());
    }
}
