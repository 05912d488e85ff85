package io.github.internvl.server.http;

import java.util.Optional;
import org.eclipse.jetty.server.AbstractConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * The threads of the HTTP server: one for each request that is being read or answered, Jetty's own for connections, whose number
 * would otherwise grow with the processors, and some in reserve, so that a server at its limit still answers {@code /health}.
 */
public final class HttpThreads {
    private static final int ACCEPTORS = 1;
    private static final int MOST_SELECTORS = 4;
    private static final int RESERVED = 4; // for connections whose thread handles their request
    private static final int FOR_REJECTIONS = 16;
    private static final int LEAST = 8;

    private final int selectors =
            Math.max(1, Math.min(MOST_SELECTORS, Runtime.getRuntime().availableProcessors() / 2));
    private final int requests;

    /** Plans threads for a number of requests at once. */
    public HttpThreads(int requests) {
        this.requests = requests;
    }

    /** A new pool of these threads. */
    public QueuedThreadPool pool() {
        QueuedThreadPool pool =
                new QueuedThreadPool(requests + ACCEPTORS + selectors + RESERVED + FOR_REJECTIONS, LEAST);
        pool.setReservedThreads(RESERVED);
        return pool;
    }

    /** A new connector that listens on an endpoint, with TLS if the endpoint has a certificate. */
    public ServerConnector connector(Server server, HttpConfiguration settings, Endpoint endpoint) {
        HttpConnectionFactory http = new HttpConnectionFactory(settings);
        ServerConnector connector;
        Optional<Endpoint.Certificate> certificate = endpoint.certificate();
        if (certificate.isEmpty()) {
            connector = new ServerConnector(server, ACCEPTORS, selectors, http);
        } else {
            SslContextFactory.Server factory = new SslContextFactory.Server();
            factory.setSslContext(PemFiles.context(certificate.get()));
            connector = new ServerConnector(
                    server,
                    null,
                    null,
                    null,
                    ACCEPTORS,
                    selectors,
                    AbstractConnectionFactory.getFactories(factory, http));
        }
        connector.setHost(endpoint.host());
        connector.setPort(endpoint.port());
        return connector;
    }
}
