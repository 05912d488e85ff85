package io.github.internvl;

/**
 * A device had no memory left for what a request needed: its answer is lost, and the model serves on. Asking for less at
 * once helps: fewer tiles, a shorter context, fewer requests together.
 */
public final class ModelMemoryException extends InternVLException {
    private static final long serialVersionUID = 1L;

    /** Makes an exception with what there was no room for. */
    public ModelMemoryException(String message, Throwable cause) {
        super(message, cause);
    }
}
