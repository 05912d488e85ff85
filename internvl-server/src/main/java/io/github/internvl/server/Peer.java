package io.github.internvl.server;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.util.BufferUtil;

/**
 * The client at the other end of a request, and whether it is still there. Jetty reads nothing from a connection while its
 * request is answered, so the end of it would be seen only by writing; this reads a byte instead, which is none as long as the
 * client waits. A byte that does come is the beginning of its next request, and is given back. It looks only between the end of
 * the request's body and the end of its answer, as all other bytes are Jetty's. Thread-safe.
 */
final class Peer {
    private final Connection connection;
    private final ByteBuffer probe = BufferUtil.allocate(1);
    private boolean watched;
    private boolean left;
    private boolean ahead;

    Peer(HttpServletRequest request) {
        connection = ServletContextRequest.getServletContextRequest(request)
                .getConnectionMetaData()
                .getConnection();
    }

    /** Sets the longest time that the connection waits for a byte. */
    void waitFor(long millis) {
        connection.getEndPoint().setIdleTimeout(millis);
    }

    long waits() {
        return connection.getEndPoint().getIdleTimeout();
    }

    /** Begins to look: the body has been read. */
    synchronized void watch() {
        watched = true;
    }

    /** Looks no more: the connection is free for its next request. The client counts as gone from this one. */
    synchronized void leave() {
        left = true;
    }

    /** Whether the client has closed the connection, or its own half of it, or has its answer. */
    synchronized boolean isGone() {
        EndPoint end = connection.getEndPoint();
        if (left || !end.isOpen()) {
            return true;
        }
        if (!watched) {
            return false;
        }
        if (end.isInputShutdown()) {
            return true;
        }
        if (ahead || !(connection instanceof Connection.UpgradeTo http)) {
            return false;
        }
        try {
            int read = end.fill(probe);
            if (read > 0) {
                ahead = true;
                http.onUpgradeTo(probe); // Jetty's way to begin with bytes that were read already
            }
            return read < 0;
        } catch (IOException e) {
            return true;
        }
    }
}
