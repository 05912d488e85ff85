package io.github.internvl;

/** A checkpoint that cannot be used: a file is missing or damaged, or says something that this library does not know. */
public final class CheckpointException extends InternVLException {
    private static final long serialVersionUID = 1L;

    /** Makes a failure whose message names the file, the rule, and what was found. */
    public CheckpointException(String message) {
        super(message);
    }

    /** Makes a failure whose message names the file, the rule, and what was found, with its cause. */
    public CheckpointException(String message, Throwable cause) {
        super(message, cause);
    }
}
