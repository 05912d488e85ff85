package io.github.internvl.grammar;

import static io.github.internvl.grammar.SchemaError.at;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A parsed JSON schema, which resolves references within itself. */
record SchemaDocument(JsonElement root) {
    private static final Pattern PLACE = Pattern.compile("at line \\d+ column \\d+");

    /** Reads a schema; throws {@link GrammarException} if it is no JSON. */
    static SchemaDocument parse(String text) {
        try (JsonReader reader = new JsonReader(new StringReader(text))) {
            reader.setStrictness(Strictness.STRICT);
            JsonElement root = new Gson().getAdapter(JsonElement.class).read(reader);
            if (reader.peek() != JsonToken.END_DOCUMENT) {
                throw new IllegalStateException("something follows");
            }
            return new SchemaDocument(root);
        } catch (IOException | JsonParseException | IllegalStateException | NumberFormatException e) {
            Matcher place = PLACE.matcher(String.valueOf(e.getMessage()));
            throw new GrammarException("a JSON schema must be one JSON value, and it is none "
                    + (place.find() ? place.group() : "at its beginning"));
        }
    }

    /** The schema that a {@code $ref} at {@code pointer} names. */
    JsonElement find(String reference, String pointer) {
        if (!reference.equals("#") && !reference.startsWith("#/")) {
            throw at(pointer, "$ref must name a place in the same schema, such as #/$defs/item: " + reference);
        }
        JsonElement found = root;
        String path = URLDecoder.decode(reference.substring(1).replace("+", "%2B"), StandardCharsets.UTF_8);
        for (String step : path.isEmpty() ? new String[0] : path.substring(1).split("/", -1)) {
            String name = step.replace("~1", "/").replace("~0", "~");
            JsonElement next = null;
            if (found.isJsonObject()) {
                next = found.getAsJsonObject().get(name);
            } else if (found.isJsonArray() && name.matches("\\d{1,6}")) {
                int index = Integer.parseInt(name);
                next = index < found.getAsJsonArray().size()
                        ? found.getAsJsonArray().get(index)
                        : null;
            }
            if (next == null) {
                throw at(pointer, "$ref must name a place that is there: " + reference);
            }
            found = next;
        }
        return found;
    }
}
