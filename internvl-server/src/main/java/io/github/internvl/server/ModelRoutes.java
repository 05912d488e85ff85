package io.github.internvl.server;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.internvl.InternVL;
import io.javalin.http.Context;
import java.util.Optional;

/** The routes on the server itself and its model. Thread-safe. */
final class ModelRoutes {
    private final Served served;
    private final Gate gate;
    private final Counts counts;
    private final ServerOptions options;

    ModelRoutes(Served served, Gate gate, Counts counts, ServerOptions options) {
        this.served = served;
        this.gate = gate;
        this.counts = counts;
        this.options = options;
    }

    /** {@code GET /v1/models}. */
    void list(Context context) {
        JsonArray models = new JsonArray();
        models.add(model());
        JsonObject list = new JsonObject();
        list.addProperty("object", "list");
        list.add("data", models);
        Exchange.reply(context, 200, list);
    }

    /** {@code GET /v1/models/NAME}. */
    void one(Context context) {
        String name = context.pathParam("name");
        if (!name.equals(served.name())) {
            throw Refusal.noSuchModel(name, served.name());
        }
        Exchange.reply(context, 200, model());
    }

    private JsonObject model() {
        JsonObject model = new JsonObject();
        model.addProperty("id", served.name());
        model.addProperty("object", "model");
        model.addProperty("created", served.since());
        model.addProperty("owned_by", "internvl");
        model.addProperty("max_model_len", served.model().contextLength());
        return model;
    }

    /** {@code GET /health}: the process lives, and its engine: one that has ended comes back only with a new process. */
    void health(Context context) {
        tell(context, true, "ok");
    }

    /** {@code GET /ready}: requests are taken. */
    void ready(Context context) {
        tell(context, gate.isOpen(), gate.isOpen() ? "ready" : "shutting down");
    }

    private void tell(Context context, boolean good, String word) {
        Optional<String> failure = served.model().stats().failure();
        JsonObject answer = new JsonObject();
        answer.addProperty("status", failure.isPresent() ? "failed" : word);
        failure.ifPresent(reason -> answer.addProperty("reason", "the engine stopped: " + reason));
        Exchange.reply(context, good && failure.isEmpty() ? 200 : 503, answer);
    }

    /** {@code GET /version}. */
    void version(Context context) {
        String version = InternVL.class.getPackage().getImplementationVersion();
        JsonObject answer = new JsonObject();
        answer.addProperty("version", version == null ? "unpackaged" : version);
        Exchange.reply(context, 200, answer);
    }

    /** {@code GET /metrics}. */
    void metrics(Context context) {
        String own = counts.text(gate.inside(), gate.readings().count());
        context.contentType("text/plain; version=0.0.4; charset=utf-8")
                .result(options.metrics().map(scrape -> scrape.get() + own).orElse(own));
    }
}
