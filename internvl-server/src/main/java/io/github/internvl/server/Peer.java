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
 * client waits. Bytes that do come are the beginning of its next request, and are given back, as many as Jetty has room for. It
 * looks only between the end of the request's body and the end of its answer, as all other bytes are Jetty's. Thread-safe.
 */
final class Peer {
    private static final int MOST_AHEAD = 4096; // of the 8,192 bytes of Jetty's buffer

    private final Connection connection;
    private final ByteBuffer probe = BufferUtil.allocate(1);
    private boolean watched;
    private boolean left;
    private int ahead;

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
        if (!(connection instanceof Connection.UpgradeTo http)) {
            return false;
        }
        try {
            int read = 1;
            while (read > 0 && ahead < MOST_AHEAD) {
                read = end.fill(probe);
                if (read > 0) {
                    ahead++;
                    http.onUpgradeTo(probe); // Jetty's way to begin with bytes that were read already
                    BufferUtil.clear(probe);
                }
            }
            return read < 0;
        } catch (IOException e) {
            return true;
        }
    }
}
