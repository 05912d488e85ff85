package io.github.internvl.server.http;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.util.BufferUtil;

/**
 * A probe that detects a client's disconnection. Jetty does not read from a connection while its request is being answered, so
 * a disconnection would show only when writing. The probe reads one byte instead; a waiting client has sent none. Any byte
 * that does arrive begins the client's next request and is handed back to Jetty, up to the room in its buffer. The probe reads only
 * between the end of the request body and the end of the answer; all other bytes are Jetty's. Thread-safe.
 */
final class ClientProbe {
    private static final int MOST_AHEAD = 4096; // of the 8,192 bytes of Jetty's buffer

    private final Connection connection;
    private final ByteBuffer probe = BufferUtil.allocate(1);
    private boolean started;
    private boolean stopped;
    private int ahead;

    ClientProbe(HttpServletRequest request) {
        connection = ServletContextRequest.getServletContextRequest(request)
                .getConnectionMetaData()
                .getConnection();
    }

    /** Sets the connection's idle timeout. */
    void setIdleTimeout(long millis) {
        connection.getEndPoint().setIdleTimeout(millis);
    }

    long idleTimeout() {
        return connection.getEndPoint().getIdleTimeout();
    }

    /** Starts probing, once the body has been read. */
    synchronized void start() {
        started = true;
    }

    /** Stops probing: the connection is free for its next request, and the client counts as gone from this one. */
    synchronized void stop() {
        stopped = true;
    }

    /** Whether the client has closed the connection or its half of it, or the probe was stopped. */
    synchronized boolean isGone() {
        EndPoint end = connection.getEndPoint();
        if (stopped || !end.isOpen()) {
            return true;
        }
        if (!started) {
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
                    http.onUpgradeTo(probe); // hands bytes read ahead back to Jetty
                    BufferUtil.clear(probe);
                }
            }
            return read < 0;
        } catch (IOException e) {
            return true;
        }
    }
}
