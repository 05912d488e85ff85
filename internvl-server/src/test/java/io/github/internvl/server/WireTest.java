package io.github.internvl.server;

import static io.github.internvl.server.Demo.ask;
import static io.github.internvl.server.Demo.picture;
import static io.github.internvl.server.Demo.text;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The bytes of each kind of answer, field by field: names, order, nulls and absent fields. */
@Timeout(180)
class WireTest {
    private static final String CHAT = "/v1/chat/completions";
    private static final String TEXT = "/v1/completions";
    private static final String RESPONSES = "/v1/responses";
    private static final String STAR = "[" + picture("shapes.png") + ", " + text("Is there a green star?") + "]";
    private static final String SCHEMA = "{\"type\": \"object\", \"properties\": {\"color\": {\"enum\": [\"red\"]}},"
            + " \"required\": [\"color\"], \"additionalProperties\": false}";
    private static final String BOX = "\"response_format\": {\"type\": \"regex_schema\", \"regex_schema\":"
            + " \"<ref>star</ref><box>\\\\[\\\\[1, 2, 30, 40\\\\]\\\\]</box>\"}";
    private static final String STREAM = "\"stream\": true";
    private static final String USAGE = "\"stream_options\": {\"include_usage\": true}";
    private static final String PAINT = "\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"paint\","
            + " \"parameters\": " + SCHEMA + "}}], \"tool_choice\": \"required\"";
    private static final String PAINT_ITEM = "\"tools\": [{\"type\": \"function\", \"name\": \"paint\","
            + " \"parameters\": " + SCHEMA + "}], \"tool_choice\": \"required\"";

    /** One token, "a", whatever the model would rather say. */
    private static final String CUT = "\"logit_bias\": {\"64\": 100}, \"ignore_eos\": true";

    private static final String ONE_TOKEN = CUT + ", \"max_tokens\": 1";

    private final List<String> seen = new ArrayList<>();

    private void post(Demo demo, String name, String path, String body) {
        add(name, path, demo.post(path, body));
    }

    private void get(Demo demo, String name, String path) {
        add(name, path, demo.get(path));
    }

    private void add(String name, String path, HttpResponse<String> response) {
        seen.add("# " + name + ": " + path + " " + response.statusCode() + " "
                + response.headers().firstValue("content-type").orElse("-"));
        response.body()
                .lines()
                .filter(line -> !line.isEmpty())
                .map(WireTest::steady)
                .forEach(seen::add);
        seen.add("");
    }

    /** A line without the names and times of one run, and without digits that another machine may round otherwise. */
    private static String steady(String line) {
        return line.replaceAll("[0-9a-f]{32}", "ID")
                .replaceAll("\"(created|created_at)\":\\d+", "\"$1\":0")
                .replaceAll("-?\\d+\\.\\d+(E-?\\d+)?", "0.0");
    }

    private void chats(Demo demo) {
        post(demo, "chat", CHAT, ask(STAR));
        post(demo, "chat with scores", CHAT, ask(STAR, "\"logprobs\": true", "\"top_logprobs\": 1"));
        post(demo, "chats", CHAT, ask(STAR, "\"n\": 2", "\"temperature\": 0.01", "\"seed\": 1"));
        post(demo, "chat that calls", CHAT, ask("\"Paint it.\"", PAINT));
        post(demo, "chat that could call", CHAT, ask(STAR, PAINT.replace("required", "auto"), ONE_TOKEN));
        post(demo, "chat that is cut", CHAT, ask("\"Why?\"", ONE_TOKEN));
        post(demo, "boxes", CHAT, ask(STAR, BOX));
        post(demo, "stream", CHAT, ask(STAR, STREAM));
        post(demo, "stream with usage", CHAT, ask(STAR, STREAM, USAGE));
        post(demo, "stream with scores", CHAT, ask(STAR, STREAM, "\"logprobs\": true", "\"top_logprobs\": 1"));
        post(demo, "stream that calls", CHAT, ask("\"Paint it.\"", PAINT, STREAM));
        post(demo, "stream with boxes", CHAT, ask(STAR, BOX, STREAM));
    }

    private void completions(Demo demo) {
        String prompt = "{\"prompt\": [\"Why?\"], " + ONE_TOKEN;
        post(demo, "completion", TEXT, prompt + "}");
        post(demo, "completion with scores", TEXT, prompt + ", \"logprobs\": 1}");
        post(demo, "completions", TEXT, prompt.replace("[\"Why?\"]", "[\"Why?\", \"How?\"]") + "}");
        post(demo, "completion as a stream", TEXT, prompt + ", \"logprobs\": 1, " + STREAM + ", " + USAGE + "}");
    }

    private void responses(Demo demo) {
        String star = input("[{\"role\": \"user\", \"content\": " + STAR + "}]");
        String told = input("\"Why?\"") + ", \"max_output_tokens\": 1, " + CUT + ", \"temperature\": 0,"
                + " \"top_p\": 0.5, \"instructions\": \"Be short.\", \"metadata\": {\"a\": [null, 1e2]}";
        String call = input("\"Paint it.\"") + ", " + PAINT_ITEM;
        String scores = ", \"top_logprobs\": 1, \"include\": [\"message.output_text.logprobs\"]";
        post(demo, "response", RESPONSES, star + "}");
        post(demo, "response with scores", RESPONSES, star + scores + "}");
        post(demo, "response that is cut", RESPONSES, told + "}");
        post(demo, "response that calls", RESPONSES, call + "}");
        post(demo, "response as a stream", RESPONSES, star + scores + ", " + STREAM + "}");
        post(demo, "response that is cut as a stream", RESPONSES, told + ", " + STREAM + "}");
        post(demo, "response that calls as a stream", RESPONSES, call + ", " + STREAM + "}");
    }

    private static String input(String input) {
        return "{\"model\": \"demo\", \"input\": " + input;
    }

    private void others(Demo demo) {
        post(demo, "tokens", "/tokenize", "{\"prompt\": \"a green star\"}");
        post(demo, "tokens of messages", "/tokenize", ask("\"Why?\""));
        post(demo, "text", "/detokenize", "{\"tokens\": [1, 2, 3]}");
        get(demo, "models", "/v1/models");
        get(demo, "model", "/v1/models/demo");
        get(demo, "health", "/health");
        get(demo, "ready", "/ready");
        get(demo, "version", "/version");
        post(demo, "error of the body", CHAT, "[]");
        post(demo, "error of a field", CHAT, ask("\"Why?\"", "\"top_p\": 2"));
        post(demo, "error with a code", CHAT, "{\"model\": \"other\", \"messages\": []}");
        get(demo, "no route", "/nowhere");
    }

    @Test
    void staysAsItIs() throws IOException {
        try (Demo demo = Demo.start()) {
            chats(demo);
            completions(demo);
            responses(demo);
            others(demo);
        }
        String all = String.join("\n", seen);
        if (Boolean.getBoolean("internvl.updateWire")) {
            Files.writeString(Path.of("src/test/resources/wire.txt"), all);
        }
        try (InputStream golden = WireTest.class.getResourceAsStream("/wire.txt")) {
            assertThat(golden).isNotNull();
            assertThat(all).isEqualTo(new String(golden.readAllBytes(), StandardCharsets.UTF_8));
        }
    }
}
