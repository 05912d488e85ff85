package io.github.internvl.server;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.github.internvl.ChatRequest;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * {@code POST /v1/responses}: OpenAI's newer protocol. Each request is put as a chat says it and then is one, so that fields mean
 * the same in both. Nothing is kept from one request to the next. Thread-safe.
 */
final class ResponsesRoute {
    private static final String LOGPROBS = "message.output_text.logprobs";

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
        Fields body = exchange.body(options.maxBodyBytes());
        served.checkName(body);
        refuseUnsupported(body);
        ChatRequest request = chats.request(asChat(body), "input", exchange.memory(), options.timeout());
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

    /** The same request as a chat says it, its messages in place of {@code input}, where refusals then find them. */
    private static Fields asChat(Fields body) {
        JsonArray tools = new JsonArray();
        body.objects("tools").forEach(tool -> tools.add(function(tool)));
        JsonObject chat = Json.object(
                "input", messages(body), "max_completion_tokens", body.any("max_output_tokens"), "tools", tools);
        Fields text = body.object("text");
        Fields format = text == null ? null : text.object("format");
        if (format != null) {
            chat.add("response_format", format(format));
        }
        if (body.any("tool_choice") instanceof JsonObject) {
            chat.add("tool_choice", function(Objects.requireNonNull(body.object("tool_choice"))));
        }
        Integer best = body.integer("top_logprobs");
        chat.addProperty("logprobs", body.strings("include").contains(LOGPROBS) || (best != null && best > 0));
        return body.with(chat);
    }

    private static JsonArray messages(Fields body) {
        JsonArray messages = new JsonArray();
        if (body.any("input") instanceof JsonPrimitive text) {
            messages.add(Json.object("role", "user", "content", text));
        } else {
            body.objects("input").forEach(item -> messages.add(message(item)));
        }
        if (body.has("instructions")) { // behind, so that the others are called by their own numbers
            messages.add(Json.object("role", "system", "content", body.needed("instructions")));
        }
        return messages;
    }

    private static JsonObject message(Fields item) {
        return switch (item.has("type") ? item.needed("type") : "message") {
            case "message" -> Json.object("role", item.needed("role"), "content", content(item, "content"));
            case "function_call" -> Json.object("role", "assistant", "tool_calls", list(function(item)));
            case "function_call_output" -> Json.object("role", "tool", "content", content(item, "output"));
            default -> throw item.unsupported("type", "it may be message, function_call or function_call_output");
        };
    }

    private static @Nullable JsonElement content(Fields item, String name) {
        if (!(item.any(name) instanceof JsonArray)) {
            return item.any(name);
        }
        JsonArray parts = new JsonArray();
        item.objects(name).forEach(part -> parts.add(part(part)));
        return parts;
    }

    private static JsonObject part(Fields part) {
        return switch (part.needed("type")) {
            case "input_text", "output_text" -> Json.object("type", "text", "text", part.any("text"));
            case "input_image" -> {
                if (!part.has("image_url")) {
                    throw part.wrong("image_url", "must be there, a string; files are not kept here");
                }
                JsonObject source = Json.object("url", part.needed("image_url"), "detail", part.any("detail"));
                source.add("max_dynamic_patch", part.any("max_dynamic_patch"));
                yield Json.object("type", "image_url", "image_url", source);
            }
            default -> part.json(); // as a chat has it
        };
    }

    private static JsonObject format(Fields format) {
        if (format.needed("type").equals("json_schema") && format.object("schema") == null) {
            throw format.wrong("schema", "must be there, an object");
        }
        return Json.object("type", format.needed("type"), "json_schema", format.json());
    }

    /** A function, or a call or choice of one, whose fields a chat has in an object of their own. */
    private static JsonObject function(Fields flat) {
        if (!List.of("function", "function_call").contains(flat.needed("type"))) {
            throw flat.unsupported("type", "there are no built-in tools here, only functions");
        }
        return Json.object("type", "function", "function", flat.json());
    }

    private static JsonArray list(JsonObject only) {
        JsonArray list = new JsonArray();
        list.add(only);
        return list;
    }
}
