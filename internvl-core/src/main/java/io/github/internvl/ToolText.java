package io.github.internvl;

import com.google.gson.FormattingStyle;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Tools, calls and results as texts, to the letter of Qwen2.5's chat template. */
final class ToolText {
    private static final Gson JSON = new GsonBuilder()
            .setFormattingStyle(FormattingStyle.COMPACT.withSpaceAfterSeparators(true))
            .disableHtmlEscaping()
            .serializeNulls()
            .create();

    private ToolText() {}

    /** The part of the system message that describes tools, each signature written as {@code words} makes it. */
    static String instructions(List<Tool> tools, UnaryOperator<String> words) {
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

    /** The results of calls as the next question. */
    static String results(List<String> results) {
        return results.stream()
                .map(result -> "<tool_response>\n" + result + "\n</tool_response>")
                .collect(Collectors.joining("\n"));
    }

    /** The calls in an answer; what is none is passed over. */
    static List<ToolCall> calls(String text) {
        List<ToolCall> calls = new ArrayList<>();
        int start = text.indexOf(ToolCall.START);
        while (start >= 0) {
            int from = start + ToolCall.START.length();
            int end = text.indexOf(ToolCall.END, from);
            ToolCall call = null;
            while (call == null && end >= 0) {
                call = call(text.substring(from, end));
                from = call == null ? from : end;
                end = text.indexOf(ToolCall.END, end + 1); // the end may also be a part of an argument
            }
            if (call != null) {
                calls.add(call);
            }
            start = text.indexOf(ToolCall.START, from);
        }
        return List.copyOf(calls);
    }

    private static @Nullable ToolCall call(String text) {
        try {
            return JsonParser.parseString(text) instanceof JsonObject call
                            && call.get("name") instanceof JsonPrimitive name
                            && call.get("arguments") instanceof JsonObject arguments
                    ? new ToolCall(name.getAsString(), JSON.toJson(arguments))
                    : null;
        } catch (JsonParseException e) {
            return null; // a call that is no JSON is none
        }
    }
}
