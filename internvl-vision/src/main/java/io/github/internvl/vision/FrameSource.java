package io.github.internvl.vision;

import java.util.List;

/**
 * Frames by their number: a decoded file, or whatever a program has. One that is used by several threads must allow for
 * that; there is nothing to close, so a source opens what it needs for each reading and closes it again.
 */
public interface FrameSource {

    /** Number of frames, at least 1. */
    int frameCount();

    /** Frames in a second on average, above 0; turns bounds in seconds into numbers of frames. */
    double framesPerSecond();

    /**
     * The frames with these numbers, in the same order.
     *
     * @param indices ascending, each once, from 0 up to {@link #frameCount()} - 1
     * @throws VideoException if they cannot be had
     */
    List<Image> read(int[] indices);
}
