package io.github.internvl.server.openai;

import io.github.internvl.server.http.ErrorMapper;
import io.github.internvl.server.http.RequestContext;
import io.javalin.http.Handler;
import java.util.Map;
import java.util.function.Consumer;

/** OpenAI's routes for a model, with vLLM's for its tokens. Thread-safe. */
public final class OpenAiRoutes {
    private final Map<String, Consumer<RequestContext>> posts;
    private final Map<String, Handler> gets;

    /** Creates the routes of a model. */
    public OpenAiRoutes(ServedModel served, ErrorMapper errors, MediaOptions media) {
        ChatRunner runner = new ChatRunner(served.model(), errors);
        ChatRoute chat = new ChatRoute(served, runner, new MediaReader(media));
        TokenRoutes tokens = new TokenRoutes(served, chat);
        posts = Map.of(
                "/v1/chat/completions", chat::answer,
                "/v1/completions", new CompletionRoute(served, runner)::answer,
                "/v1/responses", new ResponsesRoute(served, runner, chat)::answer,
                "/tokenize", tokens::tokenize,
                "/detokenize", tokens::detokenize);
        ModelRoutes models = new ModelRoutes(served);
        gets = Map.of("/v1/models", models::list, "/v1/models/<name>", models::one);
    }

    /** The POST routes by path; they need admission. */
    public Map<String, Consumer<RequestContext>> posts() {
        return posts;
    }

    /** The GET routes by path. */
    public Map<String, Handler> gets() {
        return gets;
    }
}
