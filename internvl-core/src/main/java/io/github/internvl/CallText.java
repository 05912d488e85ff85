package io.github.internvl;

import com.google.gson.FormattingStyle;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;

/** Earlier tool calls as text, exactly as Qwen2.5's chat template writes them. */
final class CallText {
    private CallText() {}

    /** The text of a call in an answer of the history. */
    static String of(Tool.Call call) {
        String name = quoted(call.name());
        String arguments = withoutMarks(arguments(call.arguments()));
        return Tool.Call.START + "\n{\"name\": " + name + ", \"arguments\": " + arguments + "}\n" + Tool.Call.END;
    }

    /** Escapes call marks inside arguments: they can only be in strings, where the escape is equivalent and not a token. */
    private static String withoutMarks(String arguments) {
        return arguments
                .replace(Tool.Call.START, "\\u003c" + Tool.Call.START.substring(1))
                .replace(Tool.Call.END, "\\u003c" + Tool.Call.END.substring(1));
    }

    /** Arguments as one line of JSON; a truncated call keeps its text as it is. A blank text means no arguments. */
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

    /** Copies one token, without building a tree. */
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
