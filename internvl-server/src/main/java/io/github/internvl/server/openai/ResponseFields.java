package io.github.internvl.server.openai;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.github.internvl.server.http.FieldOrigins;
import io.github.internvl.server.http.JsonFields;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The translation of a request of the responses protocol to a chat request. Errors name the original fields. Used by one thread. */
final class ResponseFields {
    static final String LOGPROBS = "message.output_text.logprobs";

    private final JsonFields body;
    private final FieldOrigins origins = new FieldOrigins();

    ResponseFields(JsonFields body) {
        this.body = body;
    }

    /** The same request as a chat, with its messages in {@code input}. */
    JsonFields asChat() {
        JsonArray tools = new JsonArray();
        body.objects("tools").forEach(tool -> tools.add(function(tool)));
        JsonObject chat =
                object("input", messages(), "max_completion_tokens", body.any("max_output_tokens"), "tools", tools);
        JsonFields text = body.object("text");
        JsonFields format = text == null ? null : text.object("format");
        chat.add("response_format", format == null ? null : format(format));
        chat.add("chat_template_kwargs", null);
        chat.add("enable_thinking", null);
        JsonFields choice = body.any("tool_choice") instanceof JsonObject ? body.object("tool_choice") : null;
        if (choice != null) {
            chat.add("tool_choice", function(choice));
        }
        Integer best = body.integer("top_logprobs");
        boolean told = body.strings("include").contains(LOGPROBS) || (best != null && best > 0);
        chat.addProperty("logprobs", told);
        return body.with(chat, origins, "max_completion_tokens", "max_output_tokens", "response_format", "text.format");
    }

    private JsonArray messages() {
        JsonArray messages = new JsonArray();
        if (body.any("input") instanceof JsonPrimitive text) {
            messages.add(origins.note(object("role", "user", "content", text), "content", "input"));
        } else {
            body.objects("input").forEach(item -> messages.add(message(item)));
        }
        if (body.has("instructions")) {
            JsonObject system = object("role", "system", "content", body.required("instructions"));
            messages.add(origins.note(system, "content", "instructions"));
        }
        return messages;
    }

    private JsonObject message(JsonFields item) {
        return switch (item.has("type") ? item.required("type") : "message") {
            case "message" -> object("role", item.required("role"), "content", content(item, "content"));
            case "function_call" -> {
                JsonObject call = function(item);
                call.add("id", item.any("call_id"));
                origins.note(call, "id", item.path("call_id"));
                yield object("role", "assistant", "tool_calls", list(call));
            }
            case "function_call_output" -> {
                JsonObject result = object("role", "tool", "content", content(item, "output"));
                result.add("tool_call_id", item.any("call_id"));
                yield origins.note(result, "content", item.path("output"), "tool_call_id", item.path("call_id"));
            }
            default -> throw item.unsupported("type", "it may be message, function_call or function_call_output");
        };
    }

    private @Nullable JsonElement content(JsonFields item, String name) {
        if (!(item.any(name) instanceof JsonArray)) {
            return item.any(name);
        }
        JsonArray parts = new JsonArray();
        item.objects(name).forEach(part -> parts.add(part(part)));
        return parts;
    }

    private JsonObject part(JsonFields part) {
        return switch (part.required("type")) {
            case "input_text", "output_text" -> object("type", "text", "text", part.any("text"));
            case "input_image" -> {
                if (!part.has("image_url")) {
                    throw part.invalid("image_url", "is required and must be a string; files are not stored here");
                }
                JsonObject source = object("url", part.required("image_url"), "detail", part.any("detail"));
                source.add("max_dynamic_patch", part.any("max_dynamic_patch"));
                origins.note(source, "url", part.path("image_url"), "detail", part.path("detail"));
                origins.note(source, "max_dynamic_patch", part.path("max_dynamic_patch"));
                yield object("type", "image_url", "image_url", source);
            }
            default -> part.json(); // the same in a chat
        };
    }

    private JsonObject format(JsonFields format) {
        if (format.required("type").equals("json_schema") && format.object("schema") == null) {
            throw format.invalid("schema", "is required and must be an object");
        }
        JsonObject put = object("type", format.required("type"), "json_schema", format.json());
        put.add("regex_schema", format.any("regex_schema"));
        return origins.note(put, "json_schema", format.path());
    }

    /** A function, or a call or choice of one; a chat nests its fields in an object. */
    private JsonObject function(JsonFields flat) {
        if (!List.of("function", "function_call").contains(flat.required("type"))) {
            throw flat.unsupported("type", "there are no built-in tools, only functions");
        }
        return origins.note(object("type", "function", "function", flat.json()), "function", flat.path());
    }

    /** An object of alternating names and values: JSON, a text, or absent. */
    private static JsonObject object(@Nullable Object... fields) {
        JsonObject object = new JsonObject();
        for (int i = 0; i < fields.length; i += 2) {
            Object value = fields[i + 1];
            object.add(
                    String.valueOf(fields[i]),
                    value instanceof String text ? new JsonPrimitive(text) : (JsonElement) value);
        }
        return object;
    }

    private static JsonArray list(JsonObject only) {
        JsonArray list = new JsonArray();
        list.add(only);
        return list;
    }
}
