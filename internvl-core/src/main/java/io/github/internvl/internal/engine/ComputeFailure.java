package io.github.internvl.internal.engine;

import io.github.internvl.InternVLException;
import io.github.internvl.InvalidRequestException;
import io.github.internvl.ModelMemoryException;
import io.github.internvl.internal.torch.TorchRuntime;
import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * The conversion of an exception on the engine's thread into the one that the caller gets. The origin of the exception decides,
 * not its text: only an exception of libtorch is searched for the state of the device.
 */
final class ComputeFailure {
    private static final Pattern NO_MEMORY =
            Pattern.compile("out of memory|can't allocate memory|not enough memory|CUBLAS_STATUS_ALLOC_FAILED");
    private static final Pattern LASTING = Pattern.compile("CUDA error: |CUDNN_STATUS_|CUBLAS_STATUS_");

    private ComputeFailure() {}

    /** The caller's exception; of libtorch's traceback it quotes the line that names the error, and the rest stays in the cause. */
    static RuntimeException of(Throwable e) {
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
        String[] lines = String.valueOf(e.getMessage()).strip().split("\n+", -1);
        String error = Arrays.stream(lines)
                .filter(line -> line.contains("Error:"))
                .findFirst()
                .orElse(lines[0]);
        if (isOfMemory(e)) {
            return new ModelMemoryException(
                    "the model failed while computing: " + error
                            + "; ask for less at once: lower maxTiles, contextLength or maxConcurrent",
                    e);
        }
        return new InternVLException("the model failed while computing: " + error, e);
    }

    /** The failure of a request whose callback threw. */
    static RuntimeException ofCallback(String callback, Throwable e) {
        return e instanceof OutOfMemoryError || e instanceof InternVLException || e instanceof InvalidRequestException
                ? of(e)
                : new InternVLException("a " + callback + " must not throw: " + e + "; its request was stopped", e);
    }

    /** A failure for a request that runs out of memory altogether, made in advance. */
    static ModelMemoryException spare() {
        return new ModelMemoryException(
                "the JVM had no memory left while the request was computed, nor for a report of where; raise -Xmx, or ask for less at once",
                new OutOfMemoryError("Java heap space"));
    }

    /** Whether the device has failed for good: a GPU does after any error but a lack of memory. */
    static boolean isLasting(Throwable e) {
        return TorchRuntime.threw(e)
                && !isOfMemory(e)
                && LASTING.matcher(String.valueOf(e.getMessage())).find();
    }

    private static boolean isOfMemory(Throwable e) {
        return NO_MEMORY.matcher(String.valueOf(e.getMessage())).find();
    }
}
