package io.github.internvl.internal.torch;

import static java.nio.charset.StandardCharsets.US_ASCII;

import ai.djl.Device;
import ai.djl.util.cuda.CudaUtils;
import java.lang.management.MemoryUsage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.bytedeco.cuda.cudart.cudaDeviceProp;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.cuda.global.nvml;
import org.jspecify.annotations.Nullable;

/**
 * The CUDA devices that libtorch can use, and what their driver tells of them. Memory and compute capability come through DJL; names
 * and the driver's version through JavaCPP's CUDA presets, where these are on the class path for the platform.
 */
public final class CudaDevices {
    private static final Pattern NAME = Pattern.compile("cpu|cuda:\\d{1,3}");
    private static final String PREFIX = "cuda:";
    private static final int VERSION_BYTES = 96;

    /** Files of NVIDIA's driver on Linux, in WSL, and on Windows. */
    private static final List<String> DRIVER_FILES =
            List.of("dev/nvidia0", "usr/lib/wsl/lib/libcuda.so.1", "Windows/System32/nvcuda.dll");

    private CudaDevices() {}

    /** Rejects a name that is no device's, CPU or GPU. */
    public static void checkName(String device) {
        if (!NAME.matcher(device).matches()) {
            throw new IllegalArgumentException("device must be cpu or cuda:N, such as cuda:0: " + device);
        }
    }

    /** Whether a name is that of a CUDA device. */
    public static boolean isCuda(String device) {
        return device.startsWith(PREFIX);
    }

    /** Their names, {@code cuda:0} and so on; none with a CPU build of libtorch. */
    public static List<String> names() {
        return IntStream.range(0, TorchRuntime.gpuCount())
                .mapToObj(i -> PREFIX + i)
                .toList();
    }

    /** Bytes free on a device; {@link Long#MAX_VALUE} for one that is not there. */
    public static long freeBytes(String name) {
        return memory(name)
                .map(memory -> memory.getMax() - memory.getCommitted())
                .orElse(Long.MAX_VALUE);
    }

    /** Bytes of memory that a device has; 0 for one that is not there. */
    public static long totalBytes(String name) {
        return memory(name).map(MemoryUsage::getMax).orElse(0L);
    }

    /** The compute capability of a device, such as 90 for 9.0; 0 for one that is not there. */
    public static int capability(String name) {
        return told(() -> Integer.parseInt(CudaUtils.getComputeCapability(index(name))))
                .orElse(0);
    }

    /** The version of CUDA's runtime, such as {@code 12.6}; empty where DJL finds none. */
    public static Optional<String> runtime() {
        return told(CudaUtils::getCudaVersion).map(version -> version / 1000 + "." + version / 10 % 100);
    }

    /** The model of a device, such as {@code NVIDIA H100 PCIe}; empty without JavaCPP's presets. */
    public static Optional<String> model(String name) {
        return preset(() -> Presets.model(index(name)));
    }

    /** The version of the driver; empty without JavaCPP's presets, or without a driver. */
    public static Optional<String> driver() {
        return preset(Presets::driver);
    }

    /** Whether this machine has an NVIDIA GPU, by the files of its driver. */
    public static boolean areInMachine() {
        return hasDriver(Path.of("/").toAbsolutePath());
    }

    static boolean hasDriver(Path root) {
        return DRIVER_FILES.stream().anyMatch(file -> Files.exists(root.resolve(file)));
    }

    private static Optional<MemoryUsage> memory(String name) {
        return told(() -> CudaUtils.getGpuMemory(Device.gpu(index(name))));
    }

    private static int index(String name) {
        return Integer.parseInt(name.substring(PREFIX.length()));
    }

    /** The answer of DJL, which throws for a device that is not there. */
    private static <T> Optional<T> told(Supplier<T> question) {
        try {
            return CudaUtils.hasCuda() ? Optional.of(question.get()) : Optional.empty();
        } catch (IllegalArgumentException | IllegalStateException e) {
            return Optional.empty();
        }
    }

    /** The answer of the presets, which are optional. */
    private static Optional<String> preset(Supplier<@Nullable String> question) {
        try {
            return Optional.ofNullable(question.get());
        } catch (LinkageError e) {
            return Optional.empty();
        }
    }

    /** Apart, so that the class above loads without the presets. */
    private static final class Presets {
        static @Nullable String model(int device) {
            try (cudaDeviceProp properties = new cudaDeviceProp()) {
                boolean told = cudart.cudaGetDeviceProperties(properties, device) == 0;
                return told ? properties.name().getString() : null;
            }
        }

        static @Nullable String driver() {
            byte[] version = new byte[VERSION_BYTES];
            if (nvml.nvmlInit_v2() != 0) {
                return null;
            }
            try {
                boolean told = nvml.nvmlSystemGetDriverVersion(version, VERSION_BYTES) == 0;
                return told ? new String(version, US_ASCII).trim() : null;
            } finally {
                nvml.nvmlShutdown();
            }
        }
    }
}
