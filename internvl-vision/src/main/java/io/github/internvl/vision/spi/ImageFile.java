package io.github.internvl.vision.spi;

import io.github.internvl.vision.spi.MediaException.Reason;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of an image file, with the name that messages give them and the options to decode them by. Decoders only read
 * the bytes.
 *
 * @param name the path, or the origin of the bytes
 * @param bytes the whole file
 * @param maxPixels largest width times height to decode
 * @param appliesOrientation whether the EXIF orientation is applied
 */
public record ImageFile(String name, byte[] bytes, long maxPixels, boolean appliesOrientation) {
    /** Longest side that is decoded. With a longer one the resampler's tables would outgrow the picture. */
    private static final long LONGEST_SIDE = 1 << 20;

    /** A new view of the bytes from the first to the last. */
    public ByteBuffer buffer(ByteOrder order) {
        return ByteBuffer.wrap(bytes).order(order);
    }

    /** Rejects a size from a header that is empty or above a limit. Call it before allocating the pixels. */
    public void checkSize(long width, long height) {
        if (width < 1 || height < 1) {
            throw failure(Reason.CORRUPT, "width and height must be positive: " + width + " x " + height);
        }
        if (Math.max(width, height) > LONGEST_SIDE) {
            throw failure(
                    Reason.TOO_LARGE,
                    "the sides of an image must be at most " + LONGEST_SIDE + " pixels: " + width + " x " + height
                            + "; shrink it");
        }
        if (width > maxPixels / height) {
            throw failure(
                    Reason.TOO_LARGE,
                    "an image must have at most " + maxPixels + " pixels: " + width + " x " + height
                            + "; shrink it or raise Image.Options.maxPixels");
        }
    }

    /** An exception for bytes that end before the rule is met. */
    public MediaException truncated(String rule) {
        return failure(
                Reason.TRUNCATED, rule + ": the data end after " + bytes.length + " bytes; get it again in full");
    }

    /** An exception whose message begins with the name of this file. */
    public MediaException failure(Reason reason, String message) {
        return failure(reason, message, null);
    }

    /** An exception whose message begins with the name of this file. {@code cause} may be null. */
    public MediaException failure(Reason reason, String message, @Nullable Throwable cause) {
        return new MediaException(reason, name + ": " + message, cause);
    }
}
