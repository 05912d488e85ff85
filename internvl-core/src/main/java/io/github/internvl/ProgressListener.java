package io.github.internvl;

/** Hears how far loading a model has come; called on the loading thread. */
@FunctionalInterface
public interface ProgressListener {
    /**
     * Some more of the weights are bound.
     *
     * @param bytes bytes of weights bound so far
     * @param totalBytes bytes of all weights
     */
    void onProgress(long bytes, long totalBytes);
}
