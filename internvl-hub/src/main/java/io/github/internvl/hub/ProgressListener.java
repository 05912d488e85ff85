package io.github.internvl.hub;

/** A callback for the progress of a download or of loading weights. It is called by one thread at a time, which waits for it. */
@FunctionalInterface
public interface ProgressListener {
    /**
     * Reports progress.
     *
     * @param bytes bytes of weights loaded so far, or bytes of files that have arrived
     * @param totalBytes bytes of all weights, or of all files to fetch
     */
    void onProgress(long bytes, long totalBytes);
}
