package io.github.internvl.web;

import org.jspecify.annotations.Nullable;

/**
 * A file that was not fetched from the web, with the reason as a value that a program can act on. The message names the
 * address without its query, which may hold a secret, the rule, the value found and the remedy.
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
        /** The connection is not safe: the certificate is not trusted, or belongs to another host. */
        INSECURE,
        /** The response has a status other than 200. */
        BAD_STATUS,
        /** The response is not HTTP, is compressed, or redirects to no address. */
        BAD_RESPONSE,
        /** There are more redirects than allowed. */
        TOO_MANY_REDIRECTS,
        /** The response has, or announces, more bytes than allowed. */
        TOO_LARGE,
        /** The response ends before its announced length, or inside its headers. */
        TRUNCATED,
        /** The whole fetch took longer than allowed. */
        TOO_SLOW,
        /** The calling thread was interrupted while it waited; its flag is set again. */
        INTERRUPTED
    }

    /** The broken rule. */
    private final Reason reason;

    RemoteMediaException(Reason reason, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /** The reason for rejecting the address or the response. */
    public Reason reason() {
        return reason;
    }
}
