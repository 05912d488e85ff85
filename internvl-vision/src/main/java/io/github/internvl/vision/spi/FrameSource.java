package io.github.internvl.vision.spi;

import java.util.List;

/**
 * Frames by their number: a decoded file, or a source of the program's own. A source for several threads must be safe for
 * them. There is nothing to close: a source opens its resources for each reading and closes them again.
 */
public interface FrameSource {
    /** Number of frames, at least 1. */
    int frameCount();

    /** Average number of frames in a second, above 0. It converts bounds in seconds into frame numbers. */
    double framesPerSecond();

    /**
     * Reads the frames with these numbers, in the same order.
     *
     * @param indices ascending and distinct, from 0 to {@link #frameCount()} - 1
     * @throws MediaException if the frames cannot be read
     */
    List<Pixels> read(int[] indices);
}
