package io.github.internvl.internal.chat;

import com.google.gson.FormattingStyle;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.internvl.Tool;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** The description of tools in the system message, to the letter of Qwen2.5's chat template. */
public final class ToolPrompt {
    private static final Gson JSON = new GsonBuilder()
            .setFormattingStyle(FormattingStyle.COMPACT.withSpaceAfterSeparators(true))
            .disableHtmlEscaping()
            .serializeNulls()
            .create();

    private ToolPrompt() {}

    /** The part of the system message that describes tools; {@code words} rewrites each signature. */
    public static String instructions(List<Tool> tools, UnaryOperator<String> words) {
        String list =
                tools.stream().map(tool -> "\n" + words.apply(signature(tool))).collect(Collectors.joining());
        return """
                # Tools

                You may call one or more functions to assist with the user query.

                You are provided with function signatures within <tools></tools> XML tags:
                <tools>%s
                </tools>

                For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
                <tool_call>
                {"name": <function-name>, "arguments": <args-json-object>}
                </tool_call>""".formatted(list);
    }

    private static String signature(Tool tool) {
        JsonObject function = new JsonObject();
        function.addProperty("name", tool.name());
        function.addProperty("description", tool.description());
        function.add("parameters", JsonParser.parseString(tool.parameters()));
        JsonObject signature = new JsonObject();
        signature.addProperty("type", "function");
        signature.add("function", function);
        return JSON.toJson(signature);
    }
}
