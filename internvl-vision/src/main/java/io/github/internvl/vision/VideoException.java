package io.github.internvl.vision;

import org.jspecify.annotations.Nullable;

/**
 * A video that cannot be used, with the reason as a value a program can act on. The message names the file (or says where
 * the video came from), the rule, what was found and the remedy.
 */
public final class VideoException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /** The reason for rejecting a video. */
    public enum Reason {
        /** There are no bytes, or no frames, at all. */
        EMPTY,
        /** The bytes begin like no video, or the file holds sound alone. */
        NOT_A_VIDEO,
        /** It is a video, but of a format that is not decoded here. */
        UNSUPPORTED_FORMAT,
        /** The decoder of such videos is not on the class path, or does not run on this machine. */
        NO_DECODER,
        /** The bytes end before the video does. */
        TRUNCATED,
        /** The bytes contradict their own format. */
        CORRUPT,
        /** The video has more bytes or pixels than the options allow. */
        TOO_LARGE,
        /** Decoding took longer than the options allow. */
        TOO_SLOW,
        /** The file could not be read. */
        UNREADABLE,
        /** A frame was asked for that the video does not have. */
        OUT_OF_RANGE
    }

    /** Which rule was broken. */
    private final Reason reason;

    /** Makes a failure, for sources and decoders of one's own; {@code cause} may be null. */
    public VideoException(Reason reason, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /** The reason for rejecting a video. */
    public Reason reason() {
        return reason;
    }
}
