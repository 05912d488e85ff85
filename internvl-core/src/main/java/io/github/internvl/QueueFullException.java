package io.github.internvl;

/**
 * As many requests are waiting as may wait ({@link InternVLBuilder#maxWaiting}): this one is not taken in, and nothing has
 * been done for it. Asking again later may help.
 */
public final class QueueFullException extends InternVLException {
    private static final long serialVersionUID = 1L;

    /** Makes an exception with this message. */
    public QueueFullException(String message) {
        super(message);
    }
}
