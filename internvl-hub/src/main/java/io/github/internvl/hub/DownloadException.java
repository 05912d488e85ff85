package io.github.internvl.hub;

/**
 * A model repository that could not be fetched: it does not exist or is closed to this token, the hub cannot be reached or
 * sends malformed data, or the disk is full. Bytes received so far are kept, and the next attempt resumes from there.
 */
public final class DownloadException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    DownloadException(String message) {
        super(message);
    }

    DownloadException(String message, Throwable cause) {
        super(message, cause);
    }
}
