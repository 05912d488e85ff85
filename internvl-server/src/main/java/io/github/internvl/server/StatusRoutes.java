package io.github.internvl.server;

import com.google.gson.annotations.JsonAdapter;
import io.github.internvl.InternVL;
import io.github.internvl.server.http.Admission;
import io.github.internvl.server.http.HttpMetrics;
import io.github.internvl.server.http.OmitNull;
import io.github.internvl.server.http.RequestContext;
import io.javalin.http.Context;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The routes for operators: health, readiness, version, and metrics. Thread-safe. */
record StatusRoutes(InternVL model, Admission admission, HttpMetrics metrics, Optional<Supplier<String>> scrape) {
    private record Status(
            String status,

            @JsonAdapter(value = OmitNull.class, nullSafe = false) @Nullable
            String reason) {}

    private record Version(String version) {}

    /** {@code GET /health}: the process and its engine are alive. A stopped engine needs a new process. */
    void health(Context context) {
        reply(context, true, "ok");
    }

    /** {@code GET /ready}: the server accepts requests. */
    void ready(Context context) {
        reply(context, admission.isOpen(), admission.isOpen() ? "ready" : "shutting down");
    }

    private void reply(Context context, boolean good, String status) {
        Optional<String> failure = model.stats().failure();
        Status body = failure.map(reason -> new Status("failed", "the engine stopped: " + reason))
                .orElse(new Status(status, null));
        RequestContext.reply(context, good && failure.isEmpty() ? 200 : 503, body);
    }

    /** {@code GET /version}. */
    void version(Context context) {
        String version = InternVL.class.getPackage().getImplementationVersion();
        RequestContext.reply(context, 200, new Version(version == null ? "unpackaged" : version));
    }

    /** {@code GET /metrics}, in Prometheus's text format. */
    void metrics(Context context) {
        context.contentType("text/plain; version=0.0.4; charset=utf-8")
                .result(scrape.map(Supplier::get).orElse("") + metrics.text(admission));
    }
}
