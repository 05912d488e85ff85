package io.github.internvl.vision;

import org.jspecify.annotations.Nullable;

/**
 * Bytes that cannot be used as an image, with the reason as a value a program can act on. The message names the file
 * (or says where the bytes came from), the rule, what was found and the remedy.
 */
public final class ImageException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /** The reason for rejecting an image. */
    public enum Reason {
        /** There are no bytes at all. */
        EMPTY,
        /** The bytes begin like no image format. */
        NOT_AN_IMAGE,
        /** It is an image, but of a format or variant that cannot be decoded here. */
        UNSUPPORTED_FORMAT,
        /** The bytes end before the image does. */
        TRUNCATED,
        /** The bytes contradict their own format. */
        CORRUPT,
        /** The header announces more pixels than the options allow, or the file has more bytes than an array holds. */
        TOO_LARGE,
        /** Decoding took longer than the library allows for any picture. */
        TOO_SLOW,
        /** The file or stream could not be read. */
        UNREADABLE,
        /** The text is not a data: URL, or its encoding is broken. */
        BAD_DATA_URL
    }

    /** Which rule was broken. */
    private final Reason reason;

    ImageException(Reason reason, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /** The reason for rejecting an image. */
    public Reason reason() {
        return reason;
    }
}
