package io.github.internvl.hub;

/** The sum of the bytes that all files of a download have received. It calls the listener from one thread at a time. */
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
