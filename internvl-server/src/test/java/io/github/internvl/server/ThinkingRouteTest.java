package io.github.internvl.server;

import static io.github.internvl.server.Demo.ask;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.github.internvl.demo.DemoModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A model with the marks of thinking in place of those of tool calls, which says nothing but the first of them. */
@Timeout(180)
class ThinkingRouteTest {
    private static final String PATH = "/v1/chat/completions";
    private static final String ON = "\"chat_template_kwargs\": {\"enable_thinking\": true}";
    private static final String FORMAT =
            "\"response_format\": {\"type\": \"regex_schema\", \"regex_schema\": \"[ab]{3}\"}";

    @TempDir
    private static Path folder;

    private static Demo demo;

    @BeforeAll
    static void start() throws IOException {
        try (Stream<Path> files = Files.list(DemoModel.path())) {
            for (Path file : files.toList()) {
                Path copy = Files.copy(file, folder.resolve(String.valueOf(file.getFileName())));
                if (copy.toString().endsWith(".json")) {
                    Files.writeString(copy, Files.readString(copy).replace("tool_call>", "think>"));
                }
            }
        }
        demo = Demo.start(folder, options -> options, builder -> builder);
    }

    @AfterAll
    static void stop() {
        demo.close();
    }

    private static String thinking(String... fields) {
        int start = demo.model.tokenizer().id("<think>").orElseThrow();
        String all = "\"max_tokens\": 3, \"logit_bias\": {\"" + start + "\": 100}";
        return ask("\"Why?\"", Stream.concat(Stream.of(all), Stream.of(fields)).toArray(String[]::new));
    }

    private static JsonObject message(String... fields) {
        JsonObject answer = demo.chat(thinking(fields));
        return answer.getAsJsonArray("choices").get(0).getAsJsonObject().getAsJsonObject("message");
    }

    @Test
    void isApartFromTheContent() {
        JsonObject message = message();

        assertThat(message.get("reasoning_content").getAsString()).isEqualTo("<think><think>");
        assertThat(message.get("content").getAsString()).isEmpty();
    }

    @Test
    void isApartInTheDeltasOfAStream() {
        List<JsonObject> deltas = demo.streamed(PATH, thinking("\"stream\": true")).stream()
                .map(chunk -> chunk.getAsJsonArray("choices").get(0).getAsJsonObject())
                .map(choice -> choice.getAsJsonObject("delta"))
                .toList();

        assertThat(deltas.stream()
                        .filter(delta -> delta.has("reasoning_content"))
                        .map(delta -> delta.get("reasoning_content").getAsString())
                        .collect(Collectors.joining()))
                .isEqualTo("<think><think>");
        assertThat(deltas)
                .allMatch(delta -> !delta.has("content")
                        || delta.get("content").getAsString().isEmpty());
    }

    @Test
    void isContentWhereTheClientSwitchesItOff() {
        JsonObject message = message("\"enable_thinking\": false");

        assertThat(message.has("reasoning_content")).isFalse();
        assertThat(message.get("content").getAsString()).isEqualTo("<think><think><think>");
    }

    @Test
    void comesBeforeAFormatWhereTheClientAsksForIt() {
        assertThat(message(FORMAT).get("content").getAsString()).matches("[ab]{3}");
        assertThat(message(FORMAT, ON).get("reasoning_content").getAsString()).isEqualTo("<think><think>");
    }

    @Test
    void isLeftOutOfTheOtherProtocol() {
        String body = thinking().replace("\"messages\"", "\"input\"").replace("max_tokens", "max_output_tokens");

        assertThat(demo.post("/v1/responses", body).body())
                .contains("\"output\"")
                .doesNotContain("<think>");
    }

    @Test
    void isASwitchAndNothingElse() {
        assertThat(demo.refused(PATH, thinking("\"enable_thinking\": \"yes\""))
                        .get("param")
                        .getAsString())
                .isEqualTo("enable_thinking");
    }
}
