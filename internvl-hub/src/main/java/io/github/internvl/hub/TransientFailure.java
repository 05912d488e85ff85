package io.github.internvl.hub;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A failure after which another attempt may succeed: no connection, a truncated body, a busy server. */
final class TransientFailure extends Exception {
    private static final long serialVersionUID = 1L;

    private final @Nullable Duration retryAfter;

    TransientFailure(String message, @Nullable Throwable cause) {
        this(message, cause, null);
    }

    TransientFailure(String message, @Nullable Throwable cause, @Nullable Duration retryAfter) {
        super(message, cause);
        this.retryAfter = retryAfter;
    }

    /** The pause that the server requests, if any. */
    Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }
}
