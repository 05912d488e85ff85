package io.github.internvl.server;

import com.google.gson.FormattingStyle;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import io.github.internvl.ToolCall;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;

/** Calls of earlier answers as the model writes them, to the letter of Qwen2.5's chat template. */
final class CallText {
    private CallText() {}

    /** A call that stands in the history of a request. */
    static String of(Fields call) {
        Fields function = call.object("function");
        if (function == null) {
            throw call.wrong("function", "must be there, an object");
        }
        String name = quoted(function.needed("name"));
        String arguments = withoutMarks(arguments(function.needed("arguments")));
        return ToolCall.START + "\n{\"name\": " + name + ", \"arguments\": " + arguments + "}\n" + ToolCall.END;
    }

    /** Marks of a call inside of its arguments stand in strings, where an escape means the same and is no token. */
    private static String withoutMarks(String arguments) {
        return arguments
                .replace(ToolCall.START, "\\u003c" + ToolCall.START.substring(1))
                .replace(ToolCall.END, "\\u003c" + ToolCall.END.substring(1));
    }

    /** Arguments as one line of JSON; of a call that was cut off, the text as it is. No text stands for no arguments. */
    private static String arguments(String text) {
        if (text.isBlank()) {
            return "{}";
        }
        StringWriter line = new StringWriter(text.length());
        try (JsonReader from = new JsonReader(new StringReader(text));
                JsonWriter to = writer(line)) {
            from.setStrictness(Strictness.STRICT);
            while (from.peek() != JsonToken.END_DOCUMENT) {
                copy(from, to);
            }
            return line.toString();
        } catch (IOException | IllegalStateException e) {
            return text;
        }
    }

    private static JsonWriter writer(StringWriter line) {
        JsonWriter writer = new JsonWriter(line);
        writer.setFormattingStyle(FormattingStyle.COMPACT.withSpaceAfterSeparators(true));
        return writer;
    }

    private static String quoted(String name) {
        StringWriter text = new StringWriter();
        try (JsonWriter writer = writer(text)) {
            writer.value(name);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    /** Copies one token, so that no text makes a tree. */
    private static void copy(JsonReader from, JsonWriter to) throws IOException {
        switch (from.peek()) {
            case BEGIN_OBJECT -> {
                from.beginObject();
                to.beginObject();
            }
            case END_OBJECT -> {
                from.endObject();
                to.endObject();
            }
            case BEGIN_ARRAY -> {
                from.beginArray();
                to.beginArray();
            }
            case END_ARRAY -> {
                from.endArray();
                to.endArray();
            }
            case NAME -> to.name(from.nextName());
            case STRING -> to.value(from.nextString());
            case NUMBER -> to.jsonValue(from.nextString());
            case BOOLEAN -> to.value(from.nextBoolean());
            default -> {
                from.nextNull();
                to.nullValue();
            }
        }
    }
}
