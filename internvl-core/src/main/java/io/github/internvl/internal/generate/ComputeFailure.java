package io.github.internvl.internal.generate;

import io.github.internvl.InternVLException;
import io.github.internvl.ModelMemoryException;
import java.util.Arrays;
import java.util.regex.Pattern;

/** What went wrong in libtorch, as a caller gets to know it. */
final class ComputeFailure {
    private static final Pattern NO_MEMORY =
            Pattern.compile("out of memory|can't allocate memory|not enough memory|CUBLAS_STATUS_ALLOC_FAILED");
    private static final Pattern LASTING = Pattern.compile("CUDA error: |CUDNN_STATUS_|CUBLAS_STATUS_");

    private ComputeFailure() {}

    /** Of libtorch's traceback the line that names the error; the rest stays in the cause. */
    static InternVLException of(Throwable e) {
        if (e instanceof InternVLException known) {
            return known;
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

    /** Whether nothing can be computed any more: a GPU that has failed otherwise than for memory fails from then on. */
    static boolean isLasting(Throwable e) {
        return !isOfMemory(e) && LASTING.matcher(String.valueOf(e.getMessage())).find();
    }

    private static boolean isOfMemory(Throwable e) {
        return e instanceof OutOfMemoryError
                || NO_MEMORY.matcher(String.valueOf(e.getMessage())).find();
    }
}
