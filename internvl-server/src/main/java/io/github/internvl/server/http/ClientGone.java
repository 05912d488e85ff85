package io.github.internvl.server.http;

/** Thrown when the client has closed the connection before its answer was complete; there is nothing to reply to. */
public final class ClientGone extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception, without a stack trace. */
    public ClientGone() {
        super("the client has closed the connection", null, false, false);
    }
}
