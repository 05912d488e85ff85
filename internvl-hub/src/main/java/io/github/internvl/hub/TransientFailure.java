package io.github.internvl.hub;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A failure after which another attempt may succeed: no connection, a truncated body, a busy server. */
final class TransientFailure extends Exception {
    private static final long serialVersionUID = 1L;

    private final @Nullable Duration retryAfter;
    private final boolean unreached;

    TransientFailure(String message, @Nullable Throwable cause) {
        this(message, cause, null);
    }

    TransientFailure(String message, @Nullable Throwable cause, @Nullable Duration retryAfter) {
        this(message, cause, retryAfter, false);
    }

    private TransientFailure(
            String message, @Nullable Throwable cause, @Nullable Duration retryAfter, boolean unreached) {
        super(message, cause);
        this.retryAfter = retryAfter;
        this.unreached = unreached;
    }

    /** A failure before any server has been reached, as without a network. */
    static TransientFailure unreached(String message, @Nullable Throwable cause) {
        return new TransientFailure(message, cause, null, true);
    }

    /** Whether no server has been reached so far. */
    boolean isUnreached() {
        return unreached;
    }

    /** The pause that the server requests, if any. */
    Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }
}
