package io.github.internvl.server;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.github.internvl.ChatRequest;
import io.github.internvl.RequestBudget;
import io.github.internvl.Tool;
import io.github.internvl.Turn;
import java.util.List;
import java.util.Set;

/** {@code POST /tokenize} and {@code POST /detokenize}, as vLLM has them. Thread-safe. */
final class TokenRoutes {
    private static final Set<String> FIELDS =
            ChatRoute.union(List.of(Set.of("add_special_tokens", "prompt"), ChatRoute.FIELDS));
    /** Memory of the native tokenizer while it works, measured with one word of 31 MB; that of the answer is less. */
    private static final int BYTES_OF_A_CHARACTER = 160;

    private static final Set<String> IDS = Set.of("model", "tokens");

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
        Fields body = exchange.body(options.maxBodyBytes(), FIELDS);
        served.checkName(body);
        JsonObject answer = new JsonObject();
        if (body.has("messages")) {
            ChatRequest request = chat.request(body, "messages", exchange);
            exchange.memory().forgetBody();
            exchange.memory().take(characters(request) * BYTES_OF_A_CHARACTER);
            answer.addProperty("count", served.model().countTokens(request));
            answer.add("tokens", JsonNull.INSTANCE);
        } else {
            boolean whole = !Boolean.FALSE.equals(body.flag("add_special_tokens"));
            JsonArray ids = new JsonArray();
            Runnable check = () -> exchange.budget().check("prompt");
            for (int id : served.tokenizer().encode(prompt(body, exchange), whole, check)) {
                ids.add(id);
            }
            answer.addProperty("count", ids.size());
            answer.add("tokens", ids);
        }
        answer.addProperty("max_model_len", served.model().contextLength());
        exchange.reply(answer);
    }

    private static long characters(ChatRequest request) {
        String system = request.systemMessage();
        long characters = (long) request.text().length() + (system == null ? 0 : system.length());
        for (Turn turn : request.history()) {
            characters += turn.question().length() + turn.answer().length();
        }
        for (Tool tool : request.tools()) {
            characters += tool.description().length() + tool.parameters().length();
        }
        return characters;
    }

    /** A text that may fit into the context, as far as its length tells before any of it is tokenized. */
    private String prompt(Fields body, Exchange exchange) {
        String prompt = body.needed("prompt");
        exchange.budget().charge(RequestBudget.Work.CHARACTERS, prompt.length(), "prompt");
        long least = served.tokenizer().leastTokens(prompt);
        if (least > served.model().contextLength()) {
            throw body.wrong(
                    "prompt",
                    "must fit into the context of " + served.model().contextLength() + " tokens: at least " + least);
        }
        exchange.memory().take((long) prompt.length() * BYTES_OF_A_CHARACTER);
        return prompt;
    }

    /** The text of some ids. */
    void detokenize(Exchange exchange) {
        Fields body = exchange.body(options.maxBodyBytes(), IDS);
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
