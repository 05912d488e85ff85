package io.github.internvl.internal.hub;

import io.github.internvl.ProgressListener;

/** Adds up what the files of a download have brought so far; the listener hears one call at a time. */
final class Progress {
    private final ProgressListener listener;
    private final long total;
    private long done;

    Progress(ProgressListener listener, long total) {
        this.listener = listener;
        this.total = total;
    }

    synchronized void add(long bytes) {
        if (bytes != 0) {
            done += bytes;
            listener.onProgress(done, total);
        }
    }
}
