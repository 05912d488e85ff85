package io.github.internvl.server;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import org.jspecify.annotations.Nullable;

/** Short objects of an answer. */
final class Json {
    private static final Gson GSON = new Gson();

    private Json() {}

    /** An object of names, each with its value behind it: JSON, a text, a number or a flag. */
    static JsonObject object(@Nullable Object... fields) {
        JsonObject object = new JsonObject();
        for (int i = 0; i < fields.length; i += 2) {
            Object value = fields[i + 1];
            object.add(String.valueOf(fields[i]), value instanceof JsonElement json ? json : GSON.toJsonTree(value));
        }
        return object;
    }
}
