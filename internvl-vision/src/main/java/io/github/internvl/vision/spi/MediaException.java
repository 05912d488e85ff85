package io.github.internvl.vision.spi;

import org.jspecify.annotations.Nullable;

/**
 * An image or a video that cannot be used, with the reason as a value that a program can act on. The message names the file
 * (or the origin of the bytes), the rule, the value found and the remedy.
 */
public final class MediaException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /** The reason for rejecting an image or a video. */
    public enum Reason {
        /** There are no bytes, or no frames, at all. */
        EMPTY,
        /** The bytes begin like no image format. */
        NOT_AN_IMAGE,
        /** The bytes begin like no video format, or the file holds sound alone. */
        NOT_A_VIDEO,
        /** The format is known, but this format or variant cannot be decoded. */
        UNSUPPORTED_FORMAT,
        /** The decoder of such files is not on the class path, or does not run on this machine. */
        NO_DECODER,
        /** The bytes end before the image or the video does. */
        TRUNCATED,
        /** The bytes contradict their own format. */
        CORRUPT,
        /** The file has, or its header announces, more bytes or pixels than the options allow. */
        TOO_LARGE,
        /** Decoding took longer than the options, or the library, allow. */
        TOO_SLOW,
        /** The file or the stream could not be read. */
        UNREADABLE,
        /** The text is not a data: URL, or its encoding is broken. */
        BAD_DATA_URL,
        /** A requested frame lies outside the video. */
        OUT_OF_RANGE
    }

    /** The broken rule. */
    private final Reason reason;

    /** An exception of a decoder or a frame source. {@code cause} may be null. */
    public MediaException(Reason reason, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /** The reason for rejecting the image or the video. */
    public Reason reason() {
        return reason;
    }
}
