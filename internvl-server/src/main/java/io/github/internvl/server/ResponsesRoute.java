package io.github.internvl.server;

import com.google.gson.JsonPrimitive;
import io.github.internvl.ChatRequest;
import java.util.List;
import java.util.Set;

/**
 * {@code POST /v1/responses}: OpenAI's newer protocol. Each request is put as a chat says it and then is one, so that fields mean
 * the same in both. Nothing is kept from one request to the next. Thread-safe.
 */
final class ResponsesRoute {
    static final String LOGPROBS = "message.output_text.logprobs";

    private static final Set<String> FIELDS = ChatRoute.union(List.of(
            Set.of(
                    "background",
                    "conversation",
                    "include",
                    "input",
                    "instructions",
                    "max_output_tokens",
                    "metadata",
                    "model",
                    "parallel_tool_calls",
                    "previous_response_id",
                    "prompt",
                    "reasoning",
                    "store",
                    "stream",
                    "text",
                    "tool_choice",
                    "tools",
                    "truncation"),
            SamplingFields.NAMES));

    private final Served served;
    private final Answers answers;
    private final ChatRoute chats;
    private final ServerOptions options;

    ResponsesRoute(Served served, Answers answers, ChatRoute chats, ServerOptions options) {
        this.served = served;
        this.answers = answers;
        this.chats = chats;
        this.options = options;
    }

    void answer(Exchange exchange) {
        Fields body = exchange.body(options.maxBodyBytes(), FIELDS);
        served.checkName(body);
        refuseUnsupported(body);
        ChatRequest request = chats.request(new ResponseFields(body).asChat(), "input", exchange);
        boolean streamed = body.isTrue("stream");
        ChatJson chat = new ChatJson(served, exchange.id(), ChatRoute.hasTools(request));
        ResponseJson json = new ResponseJson(chat, body);
        exchange.memory().forgetBody();
        if (streamed) {
            answers.streamed(exchange, request, json);
        } else {
            exchange.reply(json.whole(answers.whole(exchange, request)));
        }
    }

    private static void refuseUnsupported(Fields body) {
        for (String name : List.of("previous_response_id", "conversation", "prompt", "store", "background")) {
            if (body.has(name) && !new JsonPrimitive(false).equals(body.any(name))) {
                throw body.unsupported(name, "nothing is kept here: send what was said before in input");
            }
        }
        for (String name : List.of("reasoning", "n")) {
            if (body.has(name)) {
                throw body.unsupported(name, "leave it out");
            }
        }
        if (body.has("truncation") && !body.needed("truncation").equals("disabled")) {
            throw body.unsupported("truncation", "leave it out, and parts of input that are too old");
        }
        for (String wanted : body.strings("include")) {
            if (!wanted.equals(LOGPROBS)) {
                throw body.unsupported("include", "it may hold " + LOGPROBS);
            }
        }
    }
}
