package io.github.internvl;

/** A failure that is not the caller's mistake: a broken checkpoint, a device out of memory, an engine that is closed. */
public class InternVLException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Makes a failure with what went wrong and what helps. */
    public InternVLException(String message) {
        super(message);
    }

    /** Makes a failure with what went wrong, what helps, and what caused it. */
    public InternVLException(String message, Throwable cause) {
        super(message, cause);
    }
}
