package io.github.internvl;

/**
 * A request that the full queue does not admit: {@link InternVLBuilder#maxWaiting} requests are waiting. No work was done for
 * it, so the same request can be sent again later.
 */
public final class QueueFullException extends InternVLException {
    private static final long serialVersionUID = 1L;

    /** An exception with this message. */
    public QueueFullException(String message) {
        super(message);
    }
}
