package io.github.internvl.internal.model;

import io.github.internvl.internal.torch.NumberFormat;
import org.jspecify.annotations.Nullable;

/**
 * A tensor that a graph needs.
 *
 * @param name its name in the graph
 * @param stored its name in the checkpoint
 * @param packed whether it holds several numbers of few bits in each int32
 * @param otherwise the tensor of the checkpoint that is taken where this one is not there (a tied head)
 * @param shape its sizes
 */
record Weight(
        String name,
        String stored,
        boolean packed,
        @Nullable String otherwise,
        long... shape) {

    /** Whether a checkpoint may come without it. */
    boolean optional() {
        return otherwise != null;
    }

    /** Whether the format that it is stored in can be read. */
    boolean fits(NumberFormat format) {
        return packed ? format == NumberFormat.INT32 : format.isFloat();
    }

    /** The formats that can be read, for messages. */
    String expected() {
        return packed ? "I32" : "floats";
    }
}
