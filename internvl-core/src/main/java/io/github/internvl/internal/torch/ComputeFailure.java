package io.github.internvl.internal.torch;

import io.github.internvl.InternVLException;
import io.github.internvl.InvalidRequestException;
import io.github.internvl.ModelMemoryException;
import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * The conversion of an exception while a model loads or computes into the one that the caller gets. The origin of the exception
 * decides, not its text: only an exception of libtorch is searched for the state of the device.
 */
public final class ComputeFailure {
    private static final Pattern NO_MEMORY =
            Pattern.compile("out of memory|can't allocate memory|not enough memory|CUBLAS_STATUS_ALLOC_FAILED"
                    + "|CUDA error: \\w+ returned 2\\b"); // cudaErrorMemoryAllocation, from a call of the runtime
    private static final Pattern DEVICE = Pattern.compile("CUDA error: |CUDNN_STATUS_|CUBLAS_STATUS_");

    private ComputeFailure() {}

    /** The caller's exception; of libtorch's traceback it quotes the line that names the error, and the rest stays in the cause. */
    public static RuntimeException of(Throwable e) {
        if (e instanceof InternVLException || e instanceof InvalidRequestException) {
            return (RuntimeException) e;
        }
        if (e instanceof OutOfMemoryError) {
            return new ModelMemoryException(
                    "the JVM had no memory left while the request was computed: " + e.getMessage()
                            + "; raise -Xmx, or ask for less at once",
                    e);
        }
        if (!TorchRuntime.threw(e)) {
            return new InternVLException("the request failed in the engine: " + e, e);
        }
        String error = line(e);
        if (isOfMemory(e)) {
            return new ModelMemoryException(
                    "the model failed while computing: " + error
                            + "; ask for less at once: lower maxTiles, contextLength or maxConcurrent",
                    e);
        }
        return new InternVLException("the model failed while computing: " + error, e);
    }

    /** The exception for the caller that loads a model; one of Java's own code stays as it is. */
    public static RuntimeException ofLoading(RuntimeException e) {
        if (!TorchRuntime.threw(e)) {
            return e;
        }
        String error = line(e);
        if (isOfMemory(e)) {
            return new ModelMemoryException(
                    "the model does not fit: " + error + "; end other programs on the device, or take "
                            + "DeviceMap.auto().offloadToCpu(), a format of fewer bits, a smaller model, or device cpu",
                    e);
        }
        if (error.contains("no kernel image")) {
            return new InternVLException(
                    "libtorch must have code for the GPU's compute capability: " + error
                            + "; take the build for CUDA 12.8, which has that of the newest GPUs, as docs/gpu.md says",
                    e);
        }
        return new InternVLException("the model failed while loading: " + error, e);
    }

    /** The line of libtorch's traceback that names the error; the first line if none does. */
    private static String line(Throwable e) {
        String[] lines = String.valueOf(e.getMessage()).strip().split("\n+", -1);
        return Arrays.stream(lines)
                .filter(line -> line.contains("rror: "))
                .findFirst()
                .orElse(lines[0]);
    }

    /** The failure of a request whose callback threw. */
    public static RuntimeException ofCallback(String callback, Throwable e) {
        return e instanceof OutOfMemoryError || e instanceof InternVLException || e instanceof InvalidRequestException
                ? of(e)
                : new InternVLException("a " + callback + " must not throw: " + e + "; its request was stopped", e);
    }

    /** A failure for a request that runs out of memory altogether, made in advance. */
    public static ModelMemoryException spare() {
        return new ModelMemoryException(
                "the JVM had no memory left while the request was computed, nor for a report of where; raise -Xmx, or ask for less at once",
                new OutOfMemoryError("Java heap space"));
    }

    /**
     * Whether the device has failed, and not for want of memory. A GPU mostly fails for good then, but it also refuses a single
     * launch so; {@link TorchRuntime#computes} tells which.
     */
    public static boolean isOfDevice(Throwable e) {
        return TorchRuntime.threw(e)
                && !isOfMemory(e)
                && DEVICE.matcher(String.valueOf(e.getMessage())).find();
    }

    private static boolean isOfMemory(Throwable e) {
        return NO_MEMORY.matcher(String.valueOf(e.getMessage())).find();
    }
}
