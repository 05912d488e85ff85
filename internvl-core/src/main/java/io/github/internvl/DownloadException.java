package io.github.internvl;

/**
 * A model repository that could not be fetched: it does not exist or is closed to this token, the hub cannot be reached or
 * sends something wrong, or the disk is full. Bytes received so far are kept, and the next attempt resumes from there.
 */
public final class DownloadException extends InternVLException {
    private static final long serialVersionUID = 1L;

    /** Makes a failure whose message names the repository or file, what was found, and what helps. */
    public DownloadException(String message) {
        super(message);
    }

    /** Makes a failure whose message names the repository or file, what was found, and what helps, with its cause. */
    public DownloadException(String message, Throwable cause) {
        super(message, cause);
    }
}
