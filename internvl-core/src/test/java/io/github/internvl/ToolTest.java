package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.internal.chat.ToolPrompt;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ToolTest {
    private static final Tool WEATHER = new Tool(
            "weather",
            "Tells <b>the</b> weather.",
            "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\",\"default\":null}},\"required\":[\"city\"]}");

    /** The block that Qwen2.5's chat template makes of this tool. */
    @Test
    void writesToolsAsTheTemplateDoes() {
        assertThat(ToolPrompt.instructions(List.of(WEATHER, new Tool("now", "")), words -> words))
                .isEqualTo("""
                        # Tools

                        You may call one or more functions to assist with the user query.

                        You are provided with function signatures within <tools></tools> XML tags:
                        <tools>
                        {"type": "function", "function": {"name": "weather", "description": "Tells <b>the</b> weather.", \
                        "parameters": {"type": "object", "properties": {"city": {"type": "string", "default": null}}, \
                        "required": ["city"]}}}
                        {"type": "function", "function": {"name": "now", "description": "", \
                        "parameters": {"type": "object", "properties": {}}}}
                        </tools>

                        For each function call, return a json object with function name and arguments within \
                        <tool_call></tool_call> XML tags:
                        <tool_call>
                        {"name": <function-name>, "arguments": <args-json-object>}
                        </tool_call>""");
    }

    @Test
    void writesResultsAsTheTemplateDoes() {
        assertThat(ChatRequest.builder().toolResults("1", "{}").build().text())
                .isEqualTo("<tool_response>\n1\n</tool_response>\n<tool_response>\n{}\n</tool_response>");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "Sure. <tool_call>{\"name\":\"a\",\"arguments\":{\"x\":1}}</tool_call> <tool_call>{\"name\":\"b\","
                        + "\"arguments\":{}}</tool_call> | a{\"x\": 1} b{}",
                "<tool_call>{\"name\":\"a\",\"arguments\":{\"x\":\"</tool_call> <tool_call>\"}}</tool_call> |"
                        + " a{\"x\": \"</tool_call> <tool_call>\"}",
                "<tool_call>no</tool_call><tool_call>{\"name\":\"b\",\"arguments\":{}}</tool_call> | b{}",
                "<tool_call>{\"name\":\"a\",\"arguments\":[]}</tool_call><tool_call>{\"name\":\"a\" | ``",
                "nothing | ``"
            })
    void findsCallsInAnAnswer(String text, String calls) {
        String found = Tool.Call.in(text).stream()
                .map(call -> call.name() + call.arguments())
                .reduce((one, other) -> one + " " + other)
                .orElse("");
        assertThat(found).isEqualTo(calls);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "a b | {} | a tool's name must be 1 to 64",
                "a | {\"type\":\"string\"} | must be a JSON schema of an object",
                "a | [] | must be a JSON schema of an object",
                "a | {\"type\" | the parameters of the tool a must be JSON"
            })
    void refusesABadTool(String name, String parameters, String message) {
        assertThatThrownBy(() -> new Tool(name, "", parameters))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining(message);
    }
}
