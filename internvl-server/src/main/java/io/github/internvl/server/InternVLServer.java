package io.github.internvl.server;

import io.github.internvl.InternVL;
import io.github.internvl.server.http.Admission;
import io.javalin.Javalin;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running HTTP server that serves a model over OpenAI's protocol, to unmodified clients of the {@code openai} libraries. Its
 * routes are {@code /v1/chat/completions}, {@code /v1/completions}, {@code /v1/responses}, {@code /v1/models}, {@code /tokenize},
 * {@code /detokenize}, {@code /health}, {@code /ready}, {@code /metrics}, {@code /version}, and a chat page at {@code /}.
 *
 * <p>Thread-safe. The server does not own the model: close the server first, then the model. Invalid requests are
 * rejected with a status below 500. Prompts, pictures and answers never appear in the log.
 */
public final class InternVLServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(InternVLServer.class);

    private final Javalin http;
    private final Admission admission;
    private final URI uri;
    private final AtomicBoolean closed = new AtomicBoolean();

    private InternVLServer(Javalin http, Admission admission, ServerOptions options) {
        this.http = http;
        this.admission = admission;
        String scheme = options.endpoint().certificate().isPresent() ? "https" : "http";
        String host = options.endpoint().host();
        this.uri =
                URI.create(scheme + "://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + http.port() + "/");
    }

    /**
     * Starts a server, which accepts requests when this method returns.
     *
     * @throws io.github.internvl.InternVLException if the port is in use, or the TLS files are unusable
     */
    public static InternVLServer start(InternVL model, ServerOptions options) {
        Admission admission = new Admission(options.endpoint().host(), options.apiKeys(), options.limits());
        Routes routes = new Routes(model, admission, options);
        InternVLServer server = new InternVLServer(routes.start(), admission, options);
        LOG.info("serving {} at {}", routes.modelName(), server.uri);
        if (admission.isOpenToAll()) {
            LOG.warn("no API keys are set: anyone who can reach {} can use the model", server.uri);
        }
        return server;
    }

    /** The port that the server listens on. */
    public int port() {
        return http.port();
    }

    /** The server's address: scheme, host and port. A server that listens on all addresses has the wildcard address here. */
    public URI uri() {
        return uri;
    }

    /**
     * Shuts the server down: rejects new requests, fails {@code /ready}, waits up to {@code patience} for requests in progress,
     * ends the rest, and stops.
     */
    public void close(Duration patience) {
        if (closed.compareAndSet(false, true)) {
            admission.close(patience);
            http.stop();
        }
    }

    /** Ends all requests in progress and stops. Closing again has no effect. */
    @Override
    public void close() {
        close(Duration.ZERO);
    }
}
