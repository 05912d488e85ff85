package io.github.internvl.server;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;

/** {@code POST /tokenize} and {@code POST /detokenize}, as vLLM has them. Thread-safe. */
final class TokenRoutes {
    private final Served served;
    private final ChatRoute chat;
    private final ServerOptions options;

    TokenRoutes(Served served, ChatRoute chat, ServerOptions options) {
        this.served = served;
        this.chat = chat;
        this.options = options;
    }

    /** The ids of a text; of a chat's messages, pictures included, only how many there are. */
    void tokenize(Exchange exchange) {
        Fields body = exchange.body(options.maxBodyBytes());
        served.checkName(body);
        JsonObject answer = new JsonObject();
        if (body.has("messages")) {
            answer.addProperty(
                    "count", served.model().countTokens(chat.request(body, "messages", exchange.memory(), null)));
            answer.add("tokens", JsonNull.INSTANCE);
        } else {
            boolean whole = !Boolean.FALSE.equals(body.flag("add_special_tokens"));
            JsonArray ids = new JsonArray();
            for (int id : served.tokenizer().encode(body.needed("prompt"), whole)) {
                ids.add(id);
            }
            answer.addProperty("count", ids.size());
            answer.add("tokens", ids);
        }
        answer.addProperty("max_model_len", served.model().contextLength());
        exchange.reply(answer);
    }

    /** The text of some ids. */
    void detokenize(Exchange exchange) {
        Fields body = exchange.body(options.maxBodyBytes());
        served.checkName(body);
        if (!body.has("tokens")) {
            throw body.wrong("tokens", "must be there, an array of ids");
        }
        JsonObject answer = new JsonObject();
        try {
            answer.addProperty("prompt", served.tokenizer().decode(body.integers("tokens"), false));
        } catch (IllegalArgumentException e) {
            throw body.wrong("tokens", "must be ids of the model: " + e.getMessage());
        }
        exchange.reply(answer);
    }
}
