package io.github.internvl.internal.hub;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A failure that another attempt may not meet: no connection, a cut, a server that is busy. */
final class PassingFailure extends Exception {
    private static final long serialVersionUID = 1L;

    private final @Nullable Duration retryAfter;

    PassingFailure(String message, @Nullable Throwable cause) {
        this(message, cause, null);
    }

    PassingFailure(String message, @Nullable Throwable cause, @Nullable Duration retryAfter) {
        super(message, cause);
        this.retryAfter = retryAfter;
    }

    /** How long the server wants to be left alone, if it says so. */
    Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }
}
