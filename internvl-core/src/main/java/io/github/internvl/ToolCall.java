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
import org.jspecify.annotations.Nullable;

/**
 * A call that the model asks for. Its arguments keep the schema of the tool's parameters only if the request had {@link
 * ToolChoice#required} or {@link ToolChoice#named}. Immutable.
 *
 * @param name the tool
 * @param arguments a JSON object
 */
public record ToolCall(String name, String arguments) {
    /** The text before a call in an answer. */
    public static final String START = "<tool_call>";

    /** The text after a call. */
    public static final String END = "</tool_call>";

    private static final Gson JSON = new GsonBuilder()
            .setFormattingStyle(FormattingStyle.COMPACT.withSpaceAfterSeparators(true))
            .disableHtmlEscaping()
            .serializeNulls()
            .create();

    /** The calls in the text of an answer, in their order; other text is passed over. */
    static List<ToolCall> in(String text) {
        List<ToolCall> calls = new ArrayList<>();
        int start = text.indexOf(START);
        while (start >= 0) {
            int from = start + START.length();
            int end = text.indexOf(END, from);
            ToolCall call = null;
            while (call == null && end >= 0) {
                call = call(text.substring(from, end));
                from = call == null ? from : end;
                end = text.indexOf(END, end + 1); // the end may also be a part of an argument
            }
            if (call != null) {
                calls.add(call);
            }
            start = text.indexOf(START, from);
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
