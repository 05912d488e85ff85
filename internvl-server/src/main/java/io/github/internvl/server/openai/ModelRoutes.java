package io.github.internvl.server.openai;

import io.github.internvl.server.http.ApiException;
import io.github.internvl.server.http.RequestContext;
import io.javalin.http.Context;
import java.util.List;

/** {@code GET /v1/models} and {@code GET /v1/models/NAME}. Thread-safe. */
record ModelRoutes(ServedModel served) {
    private record Models(String object, List<Model> data) {}

    private record Model(String id, String object, long created, String ownedBy, int maxModelLen) {}

    void list(Context context) {
        RequestContext.reply(context, 200, new Models("list", List.of(model())));
    }

    void one(Context context) {
        String name = context.pathParam("name");
        if (!name.equals(served.name())) {
            throw ApiException.modelNotFound(name, served.name());
        }
        RequestContext.reply(context, 200, model());
    }

    private Model model() {
        return new Model(
                served.name(),
                "model",
                served.since(),
                "internvl",
                served.model().contextLength());
    }
}
