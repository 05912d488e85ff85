package io.github.internvl;

/**
 * A device without enough free memory for a request, or for a model that is loaded. The answer of the request is lost, and the model
 * serves on. Fewer tiles, a shorter context or fewer requests at once need less.
 */
public final class ModelMemoryException extends InternVLException {
    private static final long serialVersionUID = 1L;

    /** An exception with a message that names the need, and its cause. */
    public ModelMemoryException(String message, Throwable cause) {
        super(message, cause);
    }
}
