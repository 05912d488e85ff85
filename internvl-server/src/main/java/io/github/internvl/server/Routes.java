package io.github.internvl.server;

import io.github.internvl.InternVL;
import io.github.internvl.InternVLException;
import io.github.internvl.server.http.Admission;
import io.github.internvl.server.http.ApiException;
import io.github.internvl.server.http.ClientGone;
import io.github.internvl.server.http.ErrorMapper;
import io.github.internvl.server.http.HeapBudget;
import io.github.internvl.server.http.HttpMetrics;
import io.github.internvl.server.http.HttpThreads;
import io.github.internvl.server.http.RequestContext;
import io.github.internvl.server.openai.OpenAiRoutes;
import io.github.internvl.server.openai.ServedModel;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The server's routes, and the steps around each: request id, authorization, admission, errors, and one log line. */
final class Routes {
    private static final Logger LOG = LoggerFactory.getLogger(InternVLServer.class);
    private static final Pattern REQUEST_ID = Pattern.compile("[A-Za-z0-9._-]{1,64}");
    private static final Pattern PATH = Pattern.compile("[\\w./-]{1,100}"); // others could forge log lines
    private static final int CLIENT_GONE = 499;

    private final ServedModel served;
    private final Admission admission;
    private final ServerOptions options;
    private final HeapBudget heap;
    private final ErrorMapper errors;
    private final HttpMetrics metrics = new HttpMetrics();
    private final HttpThreads threads;

    Routes(InternVL model, Admission admission, ServerOptions options) {
        this.served = ServedModel.of(model, options.modelName());
        this.admission = admission;
        this.options = options;
        this.errors = new ErrorMapper(model);
        this.heap = new HeapBudget(options.limits().heapBytes());
        this.threads = new HttpThreads(options.limits().threads());
    }

    String modelName() {
        return served.name();
    }

    Javalin start() {
        Javalin http = Javalin.create(config -> {
            configure(config);
            config.jetty.addConnector((server, settings) -> threads.connector(server, settings, options.endpoint()));
        });
        try {
            return http.start();
        } catch (JavalinException e) {
            http.stop();
            throw new InternVLException(
                    "the server cannot listen on " + options.endpoint().host() + ", port "
                            + options.endpoint().port() + "; choose a free port and an address of this machine",
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
        routes.exception(HttpResponseException.class, this::replyError);
        routes.exception(Exception.class, this::replyError);
    }

    private void addRoutes(RoutesConfig routes) {
        OpenAiRoutes openai = new OpenAiRoutes(served, errors, options.media());
        openai.posts().forEach((path, handler) -> routes.post(path, admitted(handler)));
        openai.gets().forEach((path, handler) -> routes.get(path, authorized(handler)));
        StatusRoutes status = new StatusRoutes(served.model(), admission, metrics, options.metrics());
        routes.get("/version", authorized(status::version));
        routes.get("/metrics", authorized(status::metrics));
        routes.get("/health", status::health);
        routes.get("/ready", status::ready);
        if (options.chatPage()) {
            ChatPage page = new ChatPage();
            routes.get("/", page::index);
            routes.get("/page/{name}", page::part);
        }
    }

    /** A route that needs a valid key. */
    private Handler authorized(Handler handler) {
        return context -> {
            admission.authorize(context);
            handler.handle(context);
        };
    }

    /** A route that needs a valid key, a working engine, and admission. */
    private Handler admitted(Consumer<RequestContext> handler) {
        return authorized(context -> {
            errors.checkEngine();
            admission.begin(context);
            try {
                answer(context, handler);
            } catch (ClientGone e) {
                throw e;
            } catch (RuntimeException | OutOfMemoryError e) {
                replyError(e, context); // before the request counts as ended, or a shutdown would cut the reply off
            } finally {
                admission.end();
            }
        });
    }

    private void answer(Context context, Consumer<RequestContext> handler) {
        try (RequestContext request = new RequestContext(context, heap, admission, options.limits())) {
            handler.accept(request);
        } catch (CancellationException e) { // from the budget: the client is gone, or the server shuts down
            admission.check();
            throw new ClientGone();
        }
    }

    private void begin(Context context) {
        String sent = context.header("x-request-id");
        boolean usable = sent != null && REQUEST_ID.matcher(sent).matches();
        RequestContext.setId(
                context, usable ? sent : UUID.randomUUID().toString().replace("-", ""));
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

    private void replyError(Throwable failure, Context context) {
        ApiException error = errors.map(failure, RequestContext.id(context));
        if (error.status() >= 500 && !(failure instanceof ApiException)) {
            LOG.error("request {} failed", RequestContext.id(context), failure);
        }
        if (context.res().isCommitted()) {
            return;
        }
        if (error.retryAfter() != null) {
            long seconds = Math.max(1, error.retryAfter().plusMillis(999).toSeconds());
            context.header("retry-after", Long.toString(seconds));
        }
        if (error.status() == 401) {
            context.header("www-authenticate", "Bearer");
        }
        RequestContext.skipBody(context);
        try {
            RequestContext.reply(context, error.status(), error.body());
        } catch (ClientGone e) {
            return; // the client does not read the error
        }
    }

    private void log(Context context, float millis) {
        metrics.count(context.statusCode());
        LOG.info(
                "{} {} {} {} ms id={}{}",
                context.method(),
                PATH.matcher(context.path()).matches() ? context.path() : "?",
                context.statusCode(),
                (long) millis,
                RequestContext.id(context),
                RequestContext.usage(context));
    }
}
