package io.github.internvl;

/** Hears how far loading or downloading a model has come; called by one thread at a time, which waits meanwhile. */
@FunctionalInterface
public interface ProgressListener {
    /**
     * Some more of the weights are bound, or some more has arrived.
     *
     * @param bytes bytes of weights bound so far, or of files that have arrived
     * @param totalBytes bytes of all weights, or of the files to fetch
     */
    void onProgress(long bytes, long totalBytes);
}
