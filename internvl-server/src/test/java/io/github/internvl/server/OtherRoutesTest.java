package io.github.internvl.server;

import static io.github.internvl.server.Demo.ask;
import static io.github.internvl.server.Demo.choice;
import static io.github.internvl.server.Demo.picture;
import static io.github.internvl.server.Demo.text;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.internvl.ChatRequest;
import io.github.internvl.demo.DemoModel;
import io.github.internvl.vision.Image;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OtherRoutesTest {
    private Demo demo;

    @BeforeAll
    void start() {
        demo = Demo.start(options -> options.metrics(() -> "own_metric 1\n"), model -> model);
    }

    @AfterAll
    void stop() {
        demo.close();
    }

    @Test
    void reservesTheMemoryOfTheTokenizerForMessages() {
        try (Demo small = Demo.start(options -> options.maxMediaBytes(10_000_000), builder -> builder)) {
            assertThat(small.answered("/tokenize", ask("\"" + "a".repeat(10_000) + "\""))
                            .get("count")
                            .getAsInt())
                    .isPositive();
            JsonObject refusal = small.refused("/tokenize", ask("\"" + "a".repeat(100_000) + "\""));
            assertThat(refusal.get("status").getAsInt()).isEqualTo(413);
            assertThat(refusal.get("code").getAsString()).isEqualTo("request_too_large");
        }
    }

    @Test
    void completesAPromptAsAQuestion() {
        String own = demo.model
                .chat(ChatRequest.builder().text("Why?").maxNewTokens(8).build())
                .text();
        String body = "{\"prompt\": [\"Why?\", \"How?\"], \"max_tokens\": 8, \"logprobs\": 2}";
        JsonObject answer = demo.answered("/v1/completions", body);
        assertThat(choice(answer, 0).get("text").getAsString()).isEqualTo(own);
        assertThat(answer.getAsJsonArray("choices")).hasSize(2);
        JsonObject logprobs = choice(answer, 0).getAsJsonObject("logprobs");
        assertThat(logprobs.getAsJsonArray("tokens")).hasSameSizeAs(logprobs.getAsJsonArray("token_logprobs"));
        List<JsonObject> chunks =
                demo.streamed("/v1/completions", "{\"prompt\": \"Why?\", \"max_tokens\": 8, \"stream\": true}");
        assertThat(chunks.stream()
                        .map(chunk -> choice(chunk, 0).get("text").getAsString())
                        .collect(Collectors.joining()))
                .isEqualTo(own);
        assertThat(demo.refused("/v1/completions", "{\"prompt\": \"Why?\", \"echo\": true}")
                        .get("param")
                        .getAsString())
                .isEqualTo("echo");
    }

    @Test
    void turnsTextIntoTokensAndBack() {
        JsonObject answer = demo.answered("/tokenize", "{\"prompt\": \"a green star\"}");
        JsonArray tokens = answer.getAsJsonArray("tokens");
        assertThat(answer.get("count").getAsInt()).isEqualTo(tokens.size()).isPositive();
        assertThat(answer.get("max_model_len").getAsInt()).isEqualTo(demo.model.contextLength());
        assertThat(demo.answered("/detokenize", "{\"tokens\": " + tokens + "}")
                        .get("prompt")
                        .getAsString())
                .isEqualTo("a green star");
        JsonObject wrong = demo.refused("/detokenize", "{\"tokens\": [99999999]}");
        assertThat(wrong.get("status").getAsInt()).isEqualTo(400);
    }

    @Test
    void countsTheTokensOfMessages() {
        JsonObject answer =
                demo.answered("/tokenize", ask("[" + picture("shapes.png") + ", " + text("What is it?") + "]"));
        assertThat(answer.get("count").getAsInt())
                .isEqualTo(demo.model.countTokens(
                        ChatRequest.of("What is it?", Image.open(DemoModel.sample("shapes.png")))));
    }

    @Test
    void tellsItsModel() {
        JsonObject list = Demo.json(demo.get("/v1/models").body());
        JsonObject model = list.getAsJsonArray("data").get(0).getAsJsonObject();
        assertThat(model.get("id").getAsString()).isEqualTo("demo");
        assertThat(Demo.json(demo.get("/v1/models/demo").body())).isEqualTo(model);
        assertThat(demo.get("/v1/models/a/b").statusCode()).isEqualTo(404);
        assertThat(Demo.json(demo.get("/version").body()).has("version")).isTrue();
        assertThat(demo.get("/ready").statusCode()).isEqualTo(200);
    }

    @Test
    void showsMetricsWithItsOwnCounts() {
        demo.get("/nowhere");
        assertThat(demo.get("/metrics").body())
                .startsWith("own_metric 1\n")
                .containsPattern("internvl_http_responses_total\\{status=\"404\"} [1-9]");
    }
}
