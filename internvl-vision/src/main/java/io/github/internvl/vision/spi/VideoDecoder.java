package io.github.internvl.vision.spi;

import java.util.List;

/**
 * A decoder of video files for {@link io.github.internvl.vision.Video}, which finds it through {@link
 * java.util.ServiceLoader}. The artifact {@code internvl-video} provides one, over FFmpeg. GIF and WebP animations are
 * decoded without it. Implementations must be safe for use by several threads.
 */
public interface VideoDecoder {
    /**
     * Opens a file without keeping any resource open.
     *
     * @throws MediaException if the file holds no video that can be decoded, or breaks a limit
     */
    Frames open(VideoFile file);

    /**
     * Frames by their number: a decoded file, or a source of the program's own. A source for several threads must be safe for
     * them. There is nothing to close: a source opens its resources for each reading and closes them again.
     */
    interface Frames {
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
}
