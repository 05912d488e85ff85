package io.github.internvl.internal.torch;

import ai.djl.util.cuda.CudaUtils;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.SizeTPointer;

/** The CUDA devices that libtorch can use, and what they have free. */
public final class CudaDevices {
    private static final Pattern NAME = Pattern.compile("cpu|cuda:\\d{1,3}");
    private static final String PREFIX = "cuda:";

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

    /** The compute capability of a device, such as 90 for 9.0; 0 for one that is not there. */
    public static int capability(String name) {
        try {
            return CudaUtils.hasCuda()
                    ? Integer.parseInt(
                            CudaUtils.getComputeCapability(Integer.parseInt(name.substring(PREFIX.length()))))
                    : 0;
        } catch (IllegalArgumentException | IllegalStateException e) {
            return 0;
        }
    }

    /** Their names, {@code cuda:0} and so on; none with a CPU build of libtorch. */
    public static List<String> names() {
        return IntStream.range(0, TorchRuntime.gpuCount())
                .mapToObj(i -> "cuda:" + i)
                .toList();
    }

    /**
     * Bytes free on a device; {@link Long#MAX_VALUE} where nothing tells: it takes JavaCPP's CUDA presets for the platform on
     * the class path, and CUDA's runtime where they find it.
     */
    public static long freeBytes(String name) {
        try {
            return Presets.freeBytes(Integer.parseInt(name.substring("cuda:".length())));
        } catch (LinkageError e) {
            return Long.MAX_VALUE; // the presets are optional
        }
    }

    /** Apart, so that the class above loads without the presets. */
    private static final class Presets {
        static long freeBytes(int device) {
            int[] before = new int[1];
            try (SizeTPointer free = new SizeTPointer(1);
                    SizeTPointer total = new SizeTPointer(1)) {
                boolean told = cudart.cudaGetDevice(before) == 0
                        && cudart.cudaSetDevice(device) == 0
                        && cudart.cudaMemGetInfo(free, total) == 0;
                return told ? free.get() : Long.MAX_VALUE;
            } finally {
                cudart.cudaSetDevice(before[0]);
            }
        }
    }
}
