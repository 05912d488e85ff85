package io.github.internvl.vision;

import io.github.internvl.vision.spi.VideoFile;
import java.time.Duration;

/**
 * Limits on the cost of a video. Immutable; derive a variant with the {@code with} methods. The header is checked before
 * memory is allocated.
 *
 * @param maxBytes most bytes of the file, by default 16 GiB; a file is read in pieces, so they cost time, not memory
 * @param maxFramePixels largest width times height of a frame, by default 35,651,584 (8192 x 4352)
 * @param maxPixels most pixels of all frames that are taken at once, by default 400,000,000: 48 frames in 4K, or 192 in
 *     full HD. They are kept on the Java heap, three bytes each
 * @param timeout longest time for opening, and again for each sampling, by default ten minutes
 */
public record VideoOptions(long maxBytes, long maxFramePixels, long maxPixels, Duration timeout) {
    private static final VideoOptions DEFAULTS =
            new VideoOptions(16L << 30, 8192 * 4352, 400_000_000, Duration.ofMinutes(10));
    private static final int MOST_PIXELS = Integer.MAX_VALUE / 3;

    /** Checks the limits. */
    public VideoOptions {
        if (maxBytes < 1) {
            throw new IllegalArgumentException("maxBytes must be at least 1: " + maxBytes);
        }
        if (maxFramePixels < 1 || maxFramePixels > MOST_PIXELS) {
            throw new IllegalArgumentException("maxFramePixels must be 1.." + MOST_PIXELS + ": " + maxFramePixels);
        }
        if (maxPixels < 1) {
            throw new IllegalArgumentException("maxPixels must be at least 1: " + maxPixels);
        }
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException("timeout must be positive: " + timeout);
        }
    }

    /** 16 GiB, frames of 8K, 400 million pixels at once, ten minutes. */
    public static VideoOptions defaults() {
        return DEFAULTS;
    }

    /** These options with another limit of bytes. */
    public VideoOptions withMaxBytes(long limit) {
        return new VideoOptions(limit, maxFramePixels, maxPixels, timeout);
    }

    /** These options with another limit of pixels of one frame. */
    public VideoOptions withMaxFramePixels(long limit) {
        return new VideoOptions(maxBytes, limit, maxPixels, timeout);
    }

    /** These options with another limit of pixels of all frames taken at once. */
    public VideoOptions withMaxPixels(long limit) {
        return new VideoOptions(maxBytes, maxFramePixels, limit, timeout);
    }

    /** These options with another limit of time. */
    public VideoOptions withTimeout(Duration limit) {
        return new VideoOptions(maxBytes, maxFramePixels, maxPixels, limit);
    }

    VideoFile.Limits limits() {
        return new VideoFile.Limits(maxBytes, maxFramePixels, maxPixels, timeout);
    }
}
