package io.github.internvl.server;

import static io.github.internvl.server.Demo.ask;
import static io.github.internvl.server.Demo.content;
import static io.github.internvl.server.Demo.picture;
import static io.github.internvl.server.Demo.text;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(180)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ResponsesRouteTest {
    private static final String PATH = "/v1/responses";
    private static final String STAR = "Is there a green star?";
    private static final String PAINT = "\"tools\": [{\"type\": \"function\", \"name\": \"paint\", \"description\":"
            + " \"Paints.\", \"parameters\": {\"type\": \"object\", \"properties\": {\"color\": {\"enum\": [\"red\","
            + " \"blue\"]}}, \"required\": [\"color\"]}}]";

    private Demo demo;

    @BeforeAll
    void start() {
        demo = Demo.start();
    }

    @AfterAll
    void stop() {
        demo.close();
    }

    private static String input(String input, String... fields) {
        return "{\"model\": \"demo\", \"input\": " + input
                + List.of(fields).stream().map(field -> ", " + field).collect(Collectors.joining()) + "}";
    }

    private static String shapes(String words, String detail) {
        String url = Demo.json(picture("shapes.png"))
                .getAsJsonObject("image_url")
                .get("url")
                .getAsString();
        return "[{\"role\": \"user\", \"content\": [{\"type\": \"input_image\", \"image_url\": \"" + url
                + "\", \"detail\": \"" + detail + "\"}, {\"type\": \"input_text\", \"text\": \"" + words + "\"}]}]";
    }

    private static JsonObject output(JsonObject response, int index) {
        return response.getAsJsonArray("output").get(index).getAsJsonObject();
    }

    private static String said(JsonObject response) {
        JsonArray content = output(response, 0).getAsJsonArray("content");
        return content.get(0).getAsJsonObject().get("text").getAsString();
    }

    /** The events of a streamed response, each under its own name and number. */
    private List<JsonObject> events(String body) {
        List<String> lines = demo.post(PATH, body)
                .body()
                .lines()
                .filter(line -> !line.isEmpty())
                .toList();
        assertThat(lines.get(lines.size() - 1)).isEqualTo("data: [DONE]");
        List<JsonObject> events = lines.stream()
                .filter(line -> line.startsWith("data: {"))
                .map(line -> Demo.json(line.substring("data: ".length())))
                .toList();
        for (int i = 0; i < events.size(); i++) {
            assertThat(lines.get(2 * i)).isEqualTo("event: " + type(events.get(i)));
            assertThat(events.get(i).get("sequence_number").getAsInt()).isEqualTo(i);
        }
        return events;
    }

    private static String type(JsonObject event) {
        return event.get("type").getAsString();
    }

    @Test
    void answersAsAChatDoes() {
        JsonObject chat = demo.chat(ask("[" + picture("shapes.png") + ", " + text(STAR) + "]"));
        JsonObject response = demo.answered(PATH, input(shapes(STAR, "auto")));
        assertThat(said(response)).isEqualTo(content(chat));
        assertThat(response.get("status").getAsString()).isEqualTo("completed");
        assertThat(response.get("object").getAsString()).isEqualTo("response");
        JsonObject usage = response.getAsJsonObject("usage");
        JsonObject same = chat.getAsJsonObject("usage");
        assertThat(usage.get("input_tokens")).isEqualTo(same.get("prompt_tokens"));
        assertThat(usage.get("output_tokens")).isEqualTo(same.get("completion_tokens"));
        assertThat(said(demo.answered(PATH, input("\"Why?\"", "\"max_output_tokens\": 8"))))
                .isEqualTo(content(demo.chat(ask("\"Why?\"", "\"max_tokens\": 8"))));
    }

    @Test
    void takesHistoryInstructionsAndFieldsOfSampling() {
        String fields = "\"temperature\": 0.9, \"top_p\": 0.9, \"seed\": 3";
        JsonObject response = demo.answered(
                PATH,
                input(
                        "[{\"role\": \"user\", \"content\": \"Why?\"}, {\"type\": \"message\", \"role\": \"assistant\","
                                + " \"content\": [{\"type\": \"output_text\", \"text\": \"So.\"}]},"
                                + " {\"role\": \"user\", \"content\": \"And now?\"}]",
                        "\"instructions\": \"Be short.\"",
                        "\"max_output_tokens\": 6",
                        fields));
        JsonObject chat = demo.chat("{\"messages\": [{\"role\": \"system\", \"content\": \"Be short.\"},"
                + " {\"role\": \"user\", \"content\": \"Why?\"}, {\"role\": \"assistant\", \"content\": \"So.\"},"
                + " {\"role\": \"user\", \"content\": \"And now?\"}], \"max_tokens\": 6, " + fields + "}");
        assertThat(said(response)).isEqualTo(content(chat));
        assertThat(response.get("instructions").getAsString()).isEqualTo("Be short.");
        assertThat(response.getAsJsonObject("usage").get("input_tokens"))
                .isEqualTo(chat.getAsJsonObject("usage").get("prompt_tokens"));
    }

    @Test
    void streamsEventsThatMakeTheSameAnswer() {
        String body = shapes(STAR, "low");
        JsonObject whole = demo.answered(PATH, input(body));
        List<JsonObject> events = events(input(body, "\"stream\": true"));
        assertThat(events.stream()
                        .map(ResponsesRouteTest::type)
                        .filter(type -> !type.endsWith("delta"))
                        .toList())
                .containsExactly(
                        "response.created",
                        "response.in_progress",
                        "response.output_item.added",
                        "response.content_part.added",
                        "response.output_text.done",
                        "response.content_part.done",
                        "response.output_item.done",
                        "response.completed");
        String deltas = events.stream()
                .filter(event -> type(event).equals("response.output_text.delta"))
                .map(event -> event.get("delta").getAsString())
                .collect(Collectors.joining());
        assertThat(deltas).isEqualTo(said(whole));
        JsonObject last = events.get(events.size() - 1).getAsJsonObject("response");
        assertThat(said(last)).isEqualTo(deltas);
        assertThat(last.getAsJsonObject("usage").get("output_tokens"))
                .isEqualTo(whole.getAsJsonObject("usage").get("output_tokens"));
    }

    @Test
    void tellsThatAnAnswerWasCut() {
        List<JsonObject> events = events(input("\"Who are you?\"", "\"stream\": true", "\"max_output_tokens\": 2"));
        JsonObject last = events.get(events.size() - 1);
        assertThat(type(last)).isEqualTo("response.incomplete");
        assertThat(last.getAsJsonObject("response")
                        .getAsJsonObject("incomplete_details")
                        .get("reason")
                        .getAsString())
                .isEqualTo("max_output_tokens");
    }

    @Test
    void keepsToFormatsAndTellsLogProbabilities() {
        JsonObject response = demo.answered(
                PATH,
                input(
                        "\"Why?\"",
                        "\"include\": [\"message.output_text.logprobs\"]",
                        "\"top_logprobs\": 2",
                        "\"text\": {\"format\": {\"type\": \"json_schema\", \"name\": \"answer\", \"schema\":"
                                + " {\"type\": \"object\", \"properties\": {\"a\": {\"enum\": [1, 2]}},"
                                + " \"required\": [\"a\"], \"additionalProperties\": false}}}"));
        assertThat(Demo.json(said(response)).get("a").getAsInt()).isIn(1, 2);
        JsonObject part = output(response, 0).getAsJsonArray("content").get(0).getAsJsonObject();
        JsonElement first = part.getAsJsonArray("logprobs").get(0);
        assertThat(first.getAsJsonObject().getAsJsonArray("top_logprobs")).hasSize(2);
    }

    @Test
    void callsFunctionsAndTakesWhatTheyGave() {
        String body =
                input("\"Paint it red.\"", PAINT, "\"tool_choice\": {\"type\": \"function\", \"name\": \"paint\"}");
        JsonObject call = output(demo.answered(PATH, body), 0);
        assertThat(call.get("type").getAsString()).isEqualTo("function_call");
        assertThat(Demo.json(call.get("arguments").getAsString()).get("color").getAsString())
                .isIn("red", "blue");
        List<JsonObject> events = events(body.replaceFirst("\\{", "{\"stream\": true, "));
        assertThat(events)
                .filteredOn(event -> type(event).equals("response.function_call_arguments.done"))
                .singleElement()
                .satisfies(event -> assertThat(event.get("arguments")).isEqualTo(call.get("arguments")));
        String results = "[{\"role\": \"user\", \"content\": \"Paint it red.\"}, " + call
                + ", {\"type\": \"function_call_output\", \"call_id\": " + call.get("call_id")
                + ", \"output\": \"done\"}]";
        JsonObject last = demo.answered(PATH, input(results, PAINT, "\"tool_choice\": \"none\""));
        assertThat(output(last, 0).get("type").getAsString()).isEqualTo("message");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "\"previous_response_id\": \"resp_1\"; previous_response_id; unsupported_parameter",
                "\"store\": true; store; unsupported_parameter",
                "\"background\": true; background; unsupported_parameter",
                "\"tools\": [{\"type\": \"web_search\"}]; tools[0].type; unsupported_parameter",
                "\"tool_choice\": {\"type\": \"file_search\"}; tool_choice.type; unsupported_parameter",
                "\"reasoning\": {\"effort\": \"low\"}; reasoning; unsupported_parameter",
                "\"include\": [\"reasoning.encrypted_content\"]; include; unsupported_parameter",
                "\"truncation\": \"auto\"; truncation; unsupported_parameter",
                "\"text\": {\"format\": {\"type\": \"json_schema\"}}; text.format.schema;",
                "\"input\": [{\"type\": \"item_reference\", \"id\": \"x\"}]; input[0].type; unsupported_parameter",
                "\"max_output_tokens\": 0; max_output_tokens;",
                "\"max_output_tokens\": 1.5; max_output_tokens;",
                "\"text\": {\"format\": {\"type\": \"xml\"}}; text.format.type;",
                "\"text\": {\"format\": {\"type\": \"regex_schema\"}}; text.format.regex_schema;",
                "\"tools\": [{\"type\": \"function\"}]; tools[0].name;",
                "\"tool_choice\": {\"type\": \"function\"}, " + PAINT + "; tool_choice.name;",
                "\"tool_choice\": \"some\", " + PAINT + "; tool_choice;",
                "\"top_logprobs\": 21; top_logprobs;",
                "\"input\": 5; input;",
                "\"input\": [{\"role\": \"judge\", \"content\": \"a\"}]; input[0].role;",
                "\"input\": [{\"role\": \"user\", \"content\": 5}]; input[0].content;",
                "\"input\": [{\"role\": \"user\", \"content\": []}]; input[0].content;",
                "\"input\": [{\"role\": \"user\", \"content\": [{\"type\": \"input_text\"}]}];"
                        + " input[0].content[0].text;",
                "\"input\": [{\"role\": \"user\", \"content\": [{\"type\": \"input_image\", \"image_url\": \"a\"}]}];"
                        + " input[0].content[0].image_url;",
                "\"input\": [{\"role\": \"user\", \"content\": [{\"type\": \"input_image\", \"image_url\": \"data:,\","
                        + " \"detail\": \"best\"}]}]; input[0].content[0].detail;",
                "\"input\": [{\"role\": \"user\", \"content\": [{\"type\": \"input_image\", \"image_url\": \"data:,\","
                        + " \"max_dynamic_patch\": 0}]}]; input[0].content[0].max_dynamic_patch;",
                "\"input\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\", \"image_url\": {}}]}];"
                        + " input[0].content[0].image_url.url;",
                "\"input\": [{\"type\": \"function_call\", \"name\": \"f\"}]; input[0].arguments;",
                "\"input\": [{\"type\": \"function_call\", \"arguments\": \"\"}]; input[0].name;",
                "\"input\": [{\"type\": \"function_call_output\", \"output\": 5}]; input[0].output;",
                "\"input\": [{\"type\": \"function_call_output\", \"output\": [{\"type\": \"input_text\"}]}];"
                        + " input[0].output[0].text;",
                "\"input\": []; input;",
                "\"input\": [{\"role\": \"user\", \"content\": [{\"type\": \"input_image\", \"file_id\": \"x\"}]}];"
                        + " input[0].content[0].image_url;"
            })
    void refusesByName(String field, String param, String code) {
        String body = field.startsWith("\"input\"") ? "{" + field + "}" : input("\"Why?\"", field);
        JsonObject error = demo.refused(PATH, body);
        assertThat(error.get("status").getAsInt()).as(error.toString()).isEqualTo(400);
        assertThat(error.get("param").getAsString()).isEqualTo(param);
        assertThat(error.get("code").isJsonNull() ? null : error.get("code").getAsString())
                .isEqualTo(code);
    }

    @Test
    void takesACallWithoutArguments() {
        JsonObject response = demo.answered(
                PATH,
                input(
                        "[{\"role\": \"user\", \"content\": \"Hello\"}, {\"type\": \"function_call\", \"call_id\": \"1\","
                                + " \"name\": \"f\", \"arguments\": \"\"}, {\"type\": \"function_call_output\","
                                + " \"call_id\": \"1\", \"output\": \"ok\"}, {\"role\": \"user\", \"content\": \"Go on.\"}]",
                        "\"max_output_tokens\": 1"));
        assertThat(response.get("status").getAsString()).isEqualTo("incomplete");
    }

    @Test
    void keepsToAnExpression() {
        String format = "\"text\": {\"format\": {\"type\": \"regex_schema\", \"regex_schema\": \"(red|blue)\"}}";
        assertThat(said(demo.answered(PATH, input("\"Why?\"", format)))).isIn("red", "blue");
    }

    @Test
    void takesWhatSaysThatNothingIsKept() {
        String fields =
                "\"store\": false, \"background\": false, \"truncation\": \"disabled\", \"metadata\": {\"a\": \"b\"}";
        JsonObject response = demo.answered(PATH, input("\"Why?\"", fields, "\"max_output_tokens\": 1"));
        assertThat(response.getAsJsonObject("metadata").get("a").getAsString()).isEqualTo("b");
    }
}
