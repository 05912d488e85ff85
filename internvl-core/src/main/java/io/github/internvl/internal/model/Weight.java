package io.github.internvl.internal.model;

import io.github.internvl.internal.torch.NumberFormat;

/**
 * A tensor that a graph needs.
 *
 * @param name its name in the graph
 * @param stored its name in the checkpoint
 * @param packed whether it holds several numbers of few bits in each int32
 * @param optional whether the graph can do without (a tied head)
 * @param shape its sizes
 */
record Weight(String name, String stored, boolean packed, boolean optional, long... shape) {

    /** Whether the format that it is stored in can be read. */
    boolean fits(NumberFormat format) {
        return packed ? format == NumberFormat.INT32 : format.isFloat();
    }

    /** The formats that can be read, for messages. */
    String expected() {
        return packed ? "I32" : "floats";
    }
}
