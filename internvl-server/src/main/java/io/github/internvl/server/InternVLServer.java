package io.github.internvl.server;

import io.github.internvl.InternVL;
import io.javalin.Javalin;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running HTTP server that answers for a model as OpenAI's does: unmodified clients of the {@code openai} libraries talk to it.
 * It has {@code /v1/chat/completions}, {@code /v1/completions}, {@code /v1/models}, {@code /tokenize}, {@code /detokenize}, {@code
 * /health}, {@code /ready}, {@code /metrics}, {@code /version}, and a chat page at {@code /}.
 *
 * <p>Thread-safe. It does not own the model: close the server first, then the model. Input of clients is
 * checked and refused with a status below 500; prompts, pictures and answers never stand in a log.
 */
public final class InternVLServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(InternVLServer.class);

    private final Javalin http;
    private final Gate gate;
    private final Served served;
    private final URI uri;
    private final AtomicBoolean closed = new AtomicBoolean();

    private InternVLServer(Javalin http, Gate gate, Served served, ServerOptions options) {
        this.http = http;
        this.gate = gate;
        this.served = served;
        String scheme = options.certificate().isPresent() ? "https" : "http";
        String host = options.host().contains(":") ? "[" + options.host() + "]" : options.host();
        this.uri = URI.create(scheme + "://" + host + ":" + http.port() + "/");
    }

    /**
     * Starts a server; when this returns, it takes requests.
     *
     * @throws io.github.internvl.InternVLException if the port is taken, or the files for TLS cannot be used
     */
    public static InternVLServer start(InternVL model, ServerOptions options) {
        Gate gate = new Gate(options);
        Served served = new Served(model, options);
        try {
            Javalin http = new Site(served, gate, options).start();
            InternVLServer server = new InternVLServer(http, gate, served, options);
            LOG.info("{} answers at {}", served.name(), server.uri);
            if (options.apiKeys().isEmpty() && !gate.isForOwnMachine()) {
                LOG.warn("anybody who reaches {} may ask: there are no API keys", server.uri);
            }
            return server;
        } catch (RuntimeException | Error e) {
            served.close();
            throw e;
        }
    }

    /** The port it listens on. */
    public int port() {
        return http.port();
    }

    /** Where it is: scheme, address and port. For a server that listens on all addresses, that is one that only it knows. */
    public URI uri() {
        return uri;
    }

    /** Takes no more requests, {@code /ready} included, waits so long for those inside, ends what is left, and stops. */
    public void close(Duration patience) {
        if (closed.compareAndSet(false, true)) {
            gate.close(patience);
            http.stop();
            served.close();
        }
    }

    /** Stops, after ending all requests inside. Harmless when repeated. */
    @Override
    public void close() {
        close(Duration.ZERO);
    }
}
