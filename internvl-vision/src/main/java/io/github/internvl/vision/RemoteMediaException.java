package io.github.internvl.vision;

import org.jspecify.annotations.Nullable;

/**
 * A picture or video that was not fetched from the web, with the reason as a value a program can act on. The message names
 * the address without its query, which may hold a secret, the rule, what was found and the remedy.
 */
public final class RemoteMediaException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /** The reason for rejecting an address or a response. */
    public enum Reason {
        /** Not http or https, or with credentials, or of a host or port that was not allowed; maybe after a redirect. */
        NOT_ALLOWED,
        /** The host is in a private network, or its address is one that no public host has. */
        PRIVATE_ADDRESS,
        /** The host is unknown, cannot be connected to, or broke the connection. */
        UNREACHABLE,
        /** No safe connection: a certificate that is not trusted or is another host's. */
        INSECURE,
        /** The server answered with a status other than 200. */
        BAD_STATUS,
        /** The answer is not HTTP, is compressed, or redirects to nowhere. */
        BAD_ANSWER,
        /** One redirect more than allowed. */
        TOO_MANY_REDIRECTS,
        /** The answer has, or announces, more bytes than allowed. */
        TOO_LARGE,
        /** The answer ended before its announced length. */
        TRUNCATED,
        /** The whole took longer than allowed. */
        TOO_SLOW,
        /** The calling thread was interrupted while it waited; its flag is set again. */
        INTERRUPTED
    }

    /** Which rule was broken. */
    private final Reason reason;

    RemoteMediaException(Reason reason, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /** The reason. */
    public Reason reason() {
        return reason;
    }
}
