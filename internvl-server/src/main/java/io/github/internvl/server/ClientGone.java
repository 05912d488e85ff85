package io.github.internvl.server;

/** The client has left before its answer was complete; nobody is there to be told of it. */
final class ClientGone extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ClientGone() {
        super("the client has closed the connection", null, false, false);
    }
}
