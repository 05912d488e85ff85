package io.github.internvl;

/**
 * A call that the model asks for. Nothing says that its arguments are what the tool's parameters ask for, unless the request
 * was made with {@link ToolChoice#required} or {@link ToolChoice#named}.
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
