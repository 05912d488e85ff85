package io.github.internvl.server;

import javax.net.ssl.SSLContext;
import org.eclipse.jetty.server.AbstractConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.jspecify.annotations.Nullable;

/**
 * The threads of the HTTP server: one for each request that is read or inside, those that Jetty keeps for connections, whose
 * number would otherwise grow with the processors, and some more, so that a full house still answers {@code /health}.
 */
final class HttpThreads {
    private static final int ACCEPTORS = 1;
    private static final int MOST_SELECTORS = 4;
    private static final int RESERVED = 4; // which go on with a connection whose thread has taken up its request
    private static final int FOR_REFUSALS = 16;
    private static final int LEAST = 8;

    private final int selectors =
            Math.max(1, Math.min(MOST_SELECTORS, Runtime.getRuntime().availableProcessors() / 2));
    private final int requests;

    HttpThreads(int requests) {
        this.requests = requests;
    }

    QueuedThreadPool pool() {
        QueuedThreadPool pool = new QueuedThreadPool(requests + ACCEPTORS + selectors + RESERVED + FOR_REFUSALS, LEAST);
        pool.setReservedThreads(RESERVED);
        return pool;
    }

    ServerConnector connector(
            Server server, HttpConfiguration settings, @Nullable SSLContext tls, ServerOptions options) {
        HttpConnectionFactory http = new HttpConnectionFactory(settings);
        ServerConnector connector;
        if (tls == null) {
            connector = new ServerConnector(server, ACCEPTORS, selectors, http);
        } else {
            SslContextFactory.Server factory = new SslContextFactory.Server();
            factory.setSslContext(tls);
            connector = new ServerConnector(
                    server,
                    null,
                    null,
                    null,
                    ACCEPTORS,
                    selectors,
                    AbstractConnectionFactory.getFactories(factory, http));
        }
        connector.setHost(options.host());
        connector.setPort(options.port());
        return connector;
    }
}
