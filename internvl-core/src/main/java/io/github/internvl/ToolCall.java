package io.github.internvl;

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
}
