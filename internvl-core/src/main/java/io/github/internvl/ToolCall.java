package io.github.internvl;

/**
 * A call that the model asks for. Nothing says that its arguments are what the tool's parameters ask for, unless the request
 * was made with {@link ToolChoice#required} or {@link ToolChoice#named}.
 *
 * @param name the tool
 * @param arguments a JSON object
 */
public record ToolCall(String name, String arguments) {
    /** What stands before a call in the text of an answer. */
    public static final String START = "<tool_call>";

    /** What stands after it. */
    public static final String END = "</tool_call>";
}
