package io.github.internvl.server.openai;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;
import io.github.internvl.ChatRequest;
import io.github.internvl.OutputFormat;
import io.github.internvl.Tool;
import io.github.internvl.server.http.JsonFields;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The fields for tools, for the answer's format, and for thinking before it. */
final class ToolFields {
    private static final Gson JSON =
            new GsonBuilder().disableHtmlEscaping().serializeNulls().create();

    /** The names of these fields. */
    static final Set<String> NAMES =
            Set.of("tools", "tool_choice", "response_format", "chat_template_kwargs", "enable_thinking");

    private ToolFields() {}

    /** Sets the tools and the format of a request. */
    static void read(JsonFields body, ChatRequest.Builder request) {
        List<Tool> tools = new ArrayList<>();
        for (JsonFields tool : body.objects("tools")) {
            tools.add(tool(tool));
        }
        request.tools(tools);
        if (!tools.isEmpty()) {
            request.toolChoice(choice(body));
        }
        request.format(format(body));
    }

    private static Tool tool(JsonFields tool) {
        if (!tool.required("type").equals("function")) {
            throw tool.invalid("type", "must be function");
        }
        JsonFields function = tool.object("function");
        if (function == null) {
            throw tool.invalid("function", "is required and must be an object");
        }
        String name = function.required("name");
        String description = function.string("description");
        String words = description == null ? "" : description;
        JsonElement parameters = function.any("parameters");
        return parameters == null ? new Tool(name, words) : new Tool(name, words, JSON.toJson(parameters));
    }

    private static Tool.Choice choice(JsonFields body) {
        JsonElement choice = body.any("tool_choice");
        if (choice == null) {
            return Tool.Choice.auto();
        }
        if (choice instanceof JsonPrimitive) {
            return switch (body.required("tool_choice")) {
                case "auto" -> Tool.Choice.auto();
                case "none" -> Tool.Choice.none();
                case "required" -> Tool.Choice.required();
                default -> throw body.invalid("tool_choice", "must be none, auto, required or a function");
            };
        }
        JsonFields named = body.object("tool_choice");
        JsonFields function = named == null ? null : named.object("function");
        if (function == null) {
            throw body.invalid("tool_choice", "must be none, auto, required or an object with a function");
        }
        return Tool.Choice.named(function.required("name"));
    }

    /** Whether thinking is wanted, by the field of LMDeploy or by that of vLLM; null if neither says so. */
    static @Nullable Boolean thinking(JsonFields body) {
        JsonFields template = body.object("chat_template_kwargs");
        Boolean own = body.flag("enable_thinking");
        return (own == null && template != null) ? template.flag("enable_thinking") : own;
    }

    private static OutputFormat format(JsonFields body) {
        JsonFields format = body.object("response_format");
        if (format == null) {
            return OutputFormat.text();
        }
        return switch (format.required("type")) {
            case "text" -> OutputFormat.text();
            case "json_object" -> OutputFormat.json();
            case "json_schema" -> {
                JsonFields named = format.object("json_schema");
                JsonFields schema = named == null ? null : named.object("schema");
                if (named == null || schema == null) {
                    throw format.invalid("json_schema", "is required and must be an object with a schema");
                }
                yield OutputFormat.jsonSchema(JSON.toJson(named.any("schema")));
            }
            case "regex_schema" -> OutputFormat.regex(format.required("regex_schema"));
            default -> throw format.invalid("type", "must be text, json_object, json_schema or regex_schema");
        };
    }
}
