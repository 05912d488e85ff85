package io.github.internvl.server;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A request of the responses protocol put as a chat says it; refusals name the fields that it has itself. Used by one thread. */
final class ResponseFields {
    private final Fields body;
    private final Origins origins = new Origins();

    ResponseFields(Fields body) {
        this.body = body;
    }

    /** The same request as a chat, its messages in place of {@code input}. */
    Fields asChat() {
        JsonArray tools = new JsonArray();
        body.objects("tools").forEach(tool -> tools.add(function(tool)));
        JsonObject chat = Json.object(
                "input", messages(), "max_completion_tokens", body.any("max_output_tokens"), "tools", tools);
        Fields text = body.object("text");
        Fields format = text == null ? null : text.object("format");
        chat.add("response_format", format == null ? null : format(format));
        Fields choice = body.any("tool_choice") instanceof JsonObject ? body.object("tool_choice") : null;
        if (choice != null) {
            chat.add("tool_choice", function(choice));
        }
        Integer best = body.integer("top_logprobs");
        boolean told = body.strings("include").contains(ResponsesRoute.LOGPROBS) || (best != null && best > 0);
        chat.addProperty("logprobs", told);
        return body.with(chat, origins, "max_completion_tokens", "max_output_tokens", "response_format", "text.format");
    }

    private JsonArray messages() {
        JsonArray messages = new JsonArray();
        if (body.any("input") instanceof JsonPrimitive text) {
            messages.add(origins.note(Json.object("role", "user", "content", text), "content", "input"));
        } else {
            body.objects("input").forEach(item -> messages.add(message(item)));
        }
        if (body.has("instructions")) {
            JsonObject system = Json.object("role", "system", "content", body.needed("instructions"));
            messages.add(origins.note(system, "content", "instructions"));
        }
        return messages;
    }

    private JsonObject message(Fields item) {
        return switch (item.has("type") ? item.needed("type") : "message") {
            case "message" -> Json.object("role", item.needed("role"), "content", content(item, "content"));
            case "function_call" -> Json.object("role", "assistant", "tool_calls", list(function(item)));
            case "function_call_output" -> {
                JsonObject result = Json.object("role", "tool", "content", content(item, "output"));
                yield origins.note(result, "content", item.path("output"));
            }
            default -> throw item.unsupported("type", "it may be message, function_call or function_call_output");
        };
    }

    private @Nullable JsonElement content(Fields item, String name) {
        if (!(item.any(name) instanceof JsonArray)) {
            return item.any(name);
        }
        JsonArray parts = new JsonArray();
        item.objects(name).forEach(part -> parts.add(part(part)));
        return parts;
    }

    private JsonObject part(Fields part) {
        return switch (part.needed("type")) {
            case "input_text", "output_text" -> Json.object("type", "text", "text", part.any("text"));
            case "input_image" -> {
                if (!part.has("image_url")) {
                    throw part.wrong("image_url", "must be there, a string; files are not kept here");
                }
                JsonObject source = Json.object("url", part.needed("image_url"), "detail", part.any("detail"));
                source.add("max_dynamic_patch", part.any("max_dynamic_patch"));
                origins.note(source, "url", part.path("image_url"), "detail", part.path("detail"));
                origins.note(source, "max_dynamic_patch", part.path("max_dynamic_patch"));
                yield Json.object("type", "image_url", "image_url", source);
            }
            default -> part.json(); // as a chat has it
        };
    }

    private JsonObject format(Fields format) {
        if (format.needed("type").equals("json_schema") && format.object("schema") == null) {
            throw format.wrong("schema", "must be there, an object");
        }
        JsonObject put = Json.object("type", format.needed("type"), "json_schema", format.json());
        put.add("regex_schema", format.any("regex_schema"));
        return origins.note(put, "json_schema", format.path());
    }

    /** A function, or a call or choice of one, whose fields a chat has in an object of their own. */
    private JsonObject function(Fields flat) {
        if (!List.of("function", "function_call").contains(flat.needed("type"))) {
            throw flat.unsupported("type", "there are no built-in tools here, only functions");
        }
        return origins.note(Json.object("type", "function", "function", flat.json()), "function", flat.path());
    }

    private static JsonArray list(JsonObject only) {
        JsonArray list = new JsonArray();
        list.add(only);
        return list;
    }
}
