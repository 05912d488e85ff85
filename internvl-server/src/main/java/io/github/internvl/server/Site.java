package io.github.internvl.server;

import io.github.internvl.InternVLException;
import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HttpResponseException;
import io.javalin.util.JavalinException;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The routes of a server, and what is done around each: names, keys, places, failures, a line in the log. */
final class Site {
    private static final Logger LOG = LoggerFactory.getLogger(InternVLServer.class);
    private static final Pattern REQUEST_ID = Pattern.compile("[A-Za-z0-9._-]{1,64}");
    private static final Pattern PATH = Pattern.compile("[\\w./-]{1,100}"); // others may forge lines
    private static final int CLIENT_GONE = 499;

    private final Served served;
    private final Gate gate;
    private final ServerOptions options;
    private final Memory memory;
    private final Failures failures;
    private final Counts counts = new Counts();
    private final HttpThreads threads;

    Site(Served served, Gate gate, ServerOptions options) {
        this.served = served;
        this.gate = gate;
        this.options = options;
        this.failures = new Failures(served.model());
        this.memory = new Memory(options.maxMediaBytes());
        this.threads = new HttpThreads(options.maxRequests() + Gate.readings(options));
    }

    Javalin start() {
        SSLContext tls = options.certificate().map(PemFiles::context).orElse(null);
        Javalin http = Javalin.create(config -> {
            configure(config);
            config.jetty.addConnector((server, settings) -> threads.connector(server, settings, tls, options));
        });
        try {
            return http.start();
        } catch (JavalinException e) {
            http.stop();
            throw new InternVLException(
                    "the server cannot listen on " + options.host() + ", port " + options.port()
                            + "; choose a free port and an address of this machine",
                    e);
        }
    }

    private void configure(JavalinConfig config) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.startup.startupWatcherEnabled = false;
        config.http.prefer405over404 = true;
        config.http.compressionStrategy = CompressionStrategy.NONE;
        config.jetty.threadPool = threads.pool();
        config.jetty.modifyHttpConfiguration(http -> http.setSendServerVersion(false));
        config.requestLogger.http((context, millis) -> log(context, millis));
        RoutesConfig routes = config.routes;
        routes.before(this::begin);
        addRoutes(routes);
        routes.exception(ClientGone.class, (gone, context) -> context.status(CLIENT_GONE));
        routes.exception(HttpResponseException.class, this::refuse);
        routes.exception(Exception.class, this::refuse);
    }

    private void addRoutes(RoutesConfig routes) {
        Answers answers = new Answers(served.model(), failures);
        ChatRoute chat = new ChatRoute(served, answers, new Media(options), options);
        ModelRoutes models = new ModelRoutes(served, gate, counts, options);
        routes.post("/v1/chat/completions", work(chat::answer));
        routes.post("/v1/completions", work(new CompletionRoute(served, answers, options)::answer));
        routes.post("/v1/responses", work(new ResponsesRoute(served, answers, chat, options)::answer));
        TokenRoutes tokens = new TokenRoutes(served, chat, options);
        routes.post("/tokenize", work(tokens::tokenize));
        routes.post("/detokenize", work(tokens::detokenize));
        routes.get("/v1/models", known(models::list));
        routes.get("/v1/models/<name>", known(models::one));
        routes.get("/version", known(models::version));
        routes.get("/metrics", known(models::metrics));
        routes.get("/health", models::health);
        routes.get("/ready", models::ready);
        if (options.chatPage()) {
            ChatPage page = new ChatPage();
            routes.get("/", page::index);
            routes.get("/page/{name}", page::part);
        }
    }

    /** A route for those with a key. */
    private Handler known(Handler handler) {
        return context -> {
            gate.admit(context);
            handler.handle(context);
        };
    }

    /** A route that works for those with a key. */
    private Handler work(Consumer<Exchange> handler) {
        return known(context -> {
            failures.refuseAfterEngine();
            gate.begin(context);
            try {
                answer(context, handler);
            } catch (ClientGone e) {
                throw e;
            } catch (RuntimeException | OutOfMemoryError e) {
                refuse(e, context); // before the request counts as ended, or closing the server would cut it off
            } finally {
                gate.end();
            }
        });
    }

    private void answer(Context context, Consumer<Exchange> handler) {
        try (Exchange exchange = new Exchange(context, memory, gate, options.timeout())) {
            handler.accept(exchange);
        } catch (CancellationException e) { // by the budget: nobody waits, or the server ends
            gate.check();
            throw new ClientGone();
        }
    }

    private void begin(Context context) {
        String sent = context.header("x-request-id");
        boolean usable = sent != null && REQUEST_ID.matcher(sent).matches();
        Exchange.name(context, usable ? sent : UUID.randomUUID().toString().replace("-", ""));
        context.header("x-content-type-options", "nosniff");
        String origin = context.header("origin");
        if (origin != null && options.allowedOrigins().contains(origin)) {
            context.header("access-control-allow-origin", origin).header("vary", "origin");
            context.header("access-control-expose-headers", "x-request-id, retry-after");
            if (context.header("access-control-request-method") != null) {
                context.header("access-control-allow-methods", "GET, POST")
                        .header("access-control-allow-headers", "authorization, content-type, x-request-id")
                        .header("access-control-max-age", "600");
                context.status(204).skipRemainingHandlers();
            }
        }
    }

    private void refuse(Throwable failure, Context context) {
        Refusal refusal = failures.refusal(failure, Exchange.id(context));
        if (refusal.status() >= 500 && !(failure instanceof Refusal)) {
            LOG.error("request {} failed", Exchange.id(context), failure);
        }
        if (context.res().isCommitted()) {
            return;
        }
        if (refusal.retryAfter() != null) {
            long seconds = Math.max(1, refusal.retryAfter().plusMillis(999).toSeconds());
            context.header("retry-after", Long.toString(seconds));
        }
        if (refusal.status() == 401) {
            context.header("www-authenticate", "Bearer");
        }
        Exchange.skipBody(context);
        try {
            Exchange.reply(context, refusal.status(), refusal.body());
        } catch (ClientGone e) {
            return; // there is nobody to be told
        }
    }

    private void log(Context context, float millis) {
        counts.add(context.statusCode());
        LOG.info(
                "{} {} {} {} ms id={}{}",
                context.method(),
                PATH.matcher(context.path()).matches() ? context.path() : "?",
                context.statusCode(),
                (long) millis,
                Exchange.id(context),
                Exchange.figures(context));
    }
}
