package io.github.internvl.server;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;
import io.github.internvl.ChatRequest;
import io.github.internvl.OutputFormat;
import io.github.internvl.Tool;
import io.github.internvl.ToolChoice;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The fields that say which tools there are and what an answer may look like. */
final class ToolFields {
    private static final Gson JSON =
            new GsonBuilder().disableHtmlEscaping().serializeNulls().create();

    /** The fields that this reads. */
    static final Set<String> NAMES = Set.of("tools", "tool_choice", "response_format");

    private ToolFields() {}

    /** Gives a request its tools and its format. */
    static void read(Fields body, ChatRequest.Builder request) {
        List<Tool> tools = new ArrayList<>();
        for (Fields tool : body.objects("tools")) {
            tools.add(tool(tool));
        }
        request.tools(tools);
        if (!tools.isEmpty()) {
            request.toolChoice(choice(body));
        }
        request.format(format(body));
    }

    private static Tool tool(Fields tool) {
        if (!tool.needed("type").equals("function")) {
            throw tool.wrong("type", "must be function");
        }
        Fields function = tool.object("function");
        if (function == null) {
            throw tool.wrong("function", "must be there, an object");
        }
        String name = function.needed("name");
        String description = function.string("description");
        String words = description == null ? "" : description;
        JsonElement parameters = function.any("parameters");
        return parameters == null ? new Tool(name, words) : new Tool(name, words, JSON.toJson(parameters));
    }

    private static ToolChoice choice(Fields body) {
        JsonElement choice = body.any("tool_choice");
        if (choice == null) {
            return ToolChoice.auto();
        }
        if (choice instanceof JsonPrimitive) {
            return switch (body.needed("tool_choice")) {
                case "auto" -> ToolChoice.auto();
                case "none" -> ToolChoice.none();
                case "required" -> ToolChoice.required();
                default -> throw body.wrong("tool_choice", "must be none, auto, required or a function");
            };
        }
        Fields named = body.object("tool_choice");
        Fields function = named == null ? null : named.object("function");
        if (function == null) {
            throw body.wrong("tool_choice", "must be none, auto, required or an object with a function");
        }
        return ToolChoice.named(function.needed("name"));
    }

    private static OutputFormat format(Fields body) {
        Fields format = body.object("response_format");
        if (format == null) {
            return OutputFormat.text();
        }
        return switch (format.needed("type")) {
            case "text" -> OutputFormat.text();
            case "json_object" -> OutputFormat.json();
            case "json_schema" -> {
                Fields named = format.object("json_schema");
                Fields schema = named == null ? null : named.object("schema");
                if (named == null || schema == null) {
                    throw format.wrong("json_schema", "must be there, an object with a schema");
                }
                yield OutputFormat.jsonSchema(JSON.toJson(named.any("schema")));
            }
            case "regex_schema" -> OutputFormat.regex(format.needed("regex_schema"));
            default -> throw format.wrong("type", "must be text, json_object, json_schema or regex_schema");
        };
    }
}
