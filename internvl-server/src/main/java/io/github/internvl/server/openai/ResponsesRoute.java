package io.github.internvl.server.openai;

import com.google.gson.JsonPrimitive;
import io.github.internvl.ChatRequest;
import io.github.internvl.server.http.JsonFields;
import io.github.internvl.server.http.RequestContext;
import java.util.List;
import java.util.Set;

/**
 * {@code POST /v1/responses}: OpenAI's newer protocol. A request is translated to a chat request, so that fields mean the same in
 * both protocols. Nothing is stored between requests. Thread-safe.
 */
final class ResponsesRoute {
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

    private final ServedModel served;
    private final ChatRunner runner;
    private final ChatRoute chats;

    ResponsesRoute(ServedModel served, ChatRunner runner, ChatRoute chats) {
        this.served = served;
        this.runner = runner;
        this.chats = chats;
    }

    void answer(RequestContext context) {
        JsonFields body = context.body(FIELDS);
        served.checkName(body);
        rejectUnsupported(body);
        ChatRequest request = chats.request(new ResponseFields(body).asChat(), "input", context);
        boolean streamed = body.isTrue("stream");
        ChatWriter chat = ChatWriter.of(served, context.id(), ChatRoute.hasTools(request));
        ResponseWriter writer = new ResponseWriter(chat, body);
        context.memory().releaseBody();
        if (streamed) {
            runner.stream(context, request, writer);
        } else {
            context.reply(writer.complete(runner.complete(context, request)));
        }
    }

    private static void rejectUnsupported(JsonFields body) {
        for (String name : List.of("previous_response_id", "conversation", "prompt", "store", "background")) {
            if (body.has(name) && !new JsonPrimitive(false).equals(body.any(name))) {
                throw body.unsupported(name, "nothing is stored here: send earlier messages in input");
            }
        }
        for (String name : List.of("reasoning", "n")) {
            if (body.has(name)) {
                throw body.unsupported(name, "omit it");
            }
        }
        if (body.has("truncation") && !body.required("truncation").equals("disabled")) {
            throw body.unsupported("truncation", "omit it, and drop the oldest parts of input yourself");
        }
        for (String wanted : body.strings("include")) {
            if (!wanted.equals(ResponseFields.LOGPROBS)) {
                throw body.unsupported("include", "it may contain " + ResponseFields.LOGPROBS);
            }
        }
    }
}
