package io.github.internvl.internal.grammar;

import io.github.internvl.InvalidRequestException;

/** A format that is written correctly, and that answers cannot be held to. Another branch beside it may do. */
final class UnsupportedFormatException extends InvalidRequestException {
    private static final long serialVersionUID = 1L;

    UnsupportedFormatException(String message) {
        super(message);
    }
}
