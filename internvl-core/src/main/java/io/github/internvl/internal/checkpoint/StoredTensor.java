package io.github.internvl.internal.checkpoint;

import io.github.internvl.internal.torch.NumberFormat;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Where a tensor lies on disk.
 *
 * @param name its name in the checkpoint
 * @param format its number format
 * @param shape its sizes
 * @param file the file that holds it
 * @param fileBytes the length of that file
 * @param offset its first byte in that file
 */
public record StoredTensor(String name, NumberFormat format, long[] shape, Path file, long fileBytes, long offset) {

    /** Bytes that the tensor takes. */
    public long bytes() {
        return Arrays.stream(shape).reduce(1, (a, b) -> a * b) * format.bytes();
    }

    /** Whether its first byte lies at a multiple of a number's size, as mapping the file needs it. */
    public boolean isAligned() {
        return offset % format.bytes() == 0;
    }
}
