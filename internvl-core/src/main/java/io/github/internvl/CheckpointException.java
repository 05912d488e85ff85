package io.github.internvl;

/**
 * A checkpoint that cannot be loaded: a file is missing or damaged, or has a setting that this library does not know. The
 * message names the file, the rule, the value found and the remedy.
 */
public final class CheckpointException extends InternVLException {
    private static final long serialVersionUID = 1L;

    /** An exception with a message that names file, rule and value. */
    public CheckpointException(String message) {
        super(message);
    }

    /** An exception with a message that names file, rule and value, and its cause. */
    public CheckpointException(String message, Throwable cause) {
        super(message, cause);
    }
}
