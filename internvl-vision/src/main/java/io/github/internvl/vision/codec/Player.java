package io.github.internvl.vision.codec;

import io.github.internvl.vision.spi.Pixels;

/** An animated file, played once from its first frame. */
interface Player {
    /**
     * The facts that the headers give.
     *
     * @param width width of the canvas in pixels
     * @param height height of the canvas in pixels
     * @param frames number of frames
     * @param millis duration of all frames together
     */
    record Facts(int width, int height, int frames, long millis) {}

    /** Reads the headers, without drawing a frame. */
    Facts facts();

    /** Draws the next frame and returns the canvas, which the next call may change. */
    Pixels next();
}
