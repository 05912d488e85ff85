package io.github.internvl;

/**
 * A failure that is not the request's fault. Loading throws {@link CheckpointException}, or this class where a device is
 * missing or a model does not fit; answering throws {@link QueueFullException}, {@link ModelMemoryException}, or this class
 * where computing fails, an answer comes too late, or the model is closed. A request's own faults are {@link
 * InvalidRequestException}.
 */
public class InternVLException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** An exception with a message that names failure and remedy. */
    public InternVLException(String message) {
        super(message);
    }

    /** An exception with a message that names failure and remedy, and its cause. */
    public InternVLException(String message, Throwable cause) {
        super(message, cause);
    }
}
