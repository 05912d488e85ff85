package io.github.internvl;

import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.util.regex.Pattern;

/**
 * A function that the model may ask to be called. The system message describes it, as Qwen2.5's own chat template does.
 * InternVL was not trained on tools, so try whether it calls one where it should. Immutable.
 *
 * @param name letters, digits, underscores, hyphens and dots, at most 64
 * @param description the purpose and the time to call it, in words for the model; may be empty
 * @param parameters a JSON schema of its arguments, which are an object
 */
public record Tool(String name, String description, String parameters) {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,64}");

    /** Checks name and parameters; throws {@link InvalidRequestException} if the latter are not JSON, or not of an object. */
    public Tool {
        if (!NAME.matcher(name).matches()) {
            throw new InvalidRequestException(
                    "a tool's name must be 1 to 64 letters, digits, underscores, hyphens and dots: " + name);
        }
        JsonElement schema;
        try {
            schema = JsonParser.parseString(parameters);
        } catch (JsonParseException e) {
            throw new InvalidRequestException(
                    "the parameters of the tool " + name + " must be JSON: " + e.getMessage());
        }
        boolean ofObject = schema.isJsonObject()
                && (!schema.getAsJsonObject().has("type")
                        || schema.getAsJsonObject().get("type").equals(new JsonPrimitive("object")));
        if (!ofObject) {
            throw new InvalidRequestException(
                    "the parameters of the tool " + name + " must be a JSON schema of an object: " + parameters);
        }
    }

    /** A tool without parameters. */
    public Tool(String name, String description) {
        this(name, description, "{\"type\": \"object\", \"properties\": {}}");
    }
}
