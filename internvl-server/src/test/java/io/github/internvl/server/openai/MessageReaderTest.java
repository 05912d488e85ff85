package io.github.internvl.server.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonParser;
import io.github.internvl.ChatRequest;
import io.github.internvl.RequestBudget;
import io.github.internvl.demo.DemoModel;
import io.github.internvl.server.http.ApiException;
import io.github.internvl.server.http.HeapBudget;
import io.github.internvl.server.http.JsonFields;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.Video;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Base64;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MessageReaderTest {
    private static String file;

    @BeforeAll
    static void readFile() throws IOException {
        file = Base64.getEncoder().encodeToString(Files.readAllBytes(DemoModel.sample("shapes.png")));
    }

    /** Reads messages, in which #P, #V and #T stand for a picture, a video of one frame and a text. */
    private static ChatRequest read(String messages, boolean responses) {
        String json = messages.replace("#P", part("image", "image/png"))
                .replace("#V", part("video", "video/jpeg"))
                .replace("#T", "{\"type\": \"text\", \"text\": \"a\"}");
        JsonFields body = JsonFields.of(
                JsonParser.parseString("{\"input\": [" + json + "]}").getAsJsonObject(),
                Set.of(
                        "input",
                        "instructions",
                        "max_output_tokens",
                        "tools",
                        "text",
                        "tool_choice",
                        "top_logprobs",
                        "include"));
        MediaReader media =
                new MediaReader(new MediaOptions(Image.Options.defaults(), Video.Options.defaults(), Optional.empty()));
        try (HeapBudget.Share memory = new HeapBudget(1L << 32).share(RequestBudget.defaults())) {
            return MessageReader.read(responses ? new ResponseFields(body).asChat() : body, "input", media, memory)
                    .build();
        }
    }

    private static String part(String kind, String media) {
        String url = "data:" + media + ";base64," + file;
        return "{\"type\": \"" + kind + "_url\", \"" + kind + "_url\": {\"url\": \"" + url + "\"}}";
    }

    @Test
    void readsCallsAndTheirResultsByTheirIds() {
        String chat =
                "{\"role\": \"user\", \"content\": \"a\"}, {\"role\": \"assistant\", \"tool_calls\": [%s, %s]}, %s, %s";
        String call = "{\"id\": \"%s\", \"function\": {\"name\": \"f\", \"arguments\": \"\"}}";
        String result = "{\"role\": \"tool\", \"tool_call_id\": \"%s\", \"content\": \"of %s\"}";
        ChatRequest request = read(
                chat.formatted(
                        call.formatted("x"),
                        call.formatted("y"),
                        result.formatted("y", "y"),
                        result.formatted("x", "x")),
                false);
        assertThat(request.text()).containsSubsequence("of x", "of y");
        String item = "{\"type\": \"function_call\", \"call_id\": \"%s\", \"name\": \"f\", \"arguments\": \"\"}";
        String output = "{\"type\": \"function_call_output\", \"call_id\": \"%s\", \"output\": \"of %s\"}";
        ChatRequest same = read(
                String.join(
                        ", ",
                        "{\"role\": \"user\", \"content\": \"a\"}",
                        item.formatted("x"),
                        item.formatted("y"),
                        output.formatted("y", "y"),
                        output.formatted("x", "x")),
                true);
        assertThat(same.text()).isEqualTo(request.text());
        assertThat(same.history()).isEqualTo(request.history());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "[#P, #V, #T]; input[0].content[1].type; cannot be added: a message takes pictures or one video",
                "[#V, #T, #P]; input[0].content[2].type; cannot be added: a message takes pictures or one video",
                "[#V, #V, #T]; input[0].content[1].type; cannot be added: a message takes pictures or one video",
                "[]; input[0].content; must not be empty",
                "[#T]}, {\"role\": \"user\", \"content\": [#V]; input[1].content; must not follow another user message",
                "[#V]}, {\"role\": \"user\", \"content\": \"a\"; input[1].content; must not follow another user message",
                "[#T]}, {\"role\": \"assistant\", \"content\": \"a\"; input; must end with a message of the role user or tool",
                "\"a\"}, {\"role\": \"tool\", \"content\": \"a\", \"tool_call_id\": 5; input[1].tool_call_id; must be a string",
                "\"a\"}, {\"role\": \"assistant\", \"tool_calls\": [{\"id\": 5, \"function\": {}}]; input[1].tool_calls[0].id;"
                        + " must be a string"
            })
    void refusesWrongMessagesByTheirPlace(String content, String param, String message) {
        assertRefused("{\"role\": \"user\", \"content\": " + content + "}", false, param, message);
    }

    @Test
    void refusesWrongIdsByTheNameOfTheirProtocol() {
        assertRefused(
                "{\"type\": \"function_call\", \"call_id\": 5, \"name\": \"f\", \"arguments\": \"\"}",
                true,
                "input[0].call_id",
                "must be a string");
        assertRefused(
                "{\"type\": \"function_call_output\", \"call_id\": 5, \"output\": \"a\"}",
                true,
                "input[0].call_id",
                "must be a string");
    }

    private static void assertRefused(String messages, boolean responses, String param, String message) {
        assertThatThrownBy(() -> read(messages, responses)).isInstanceOfSatisfying(ApiException.class, refusal -> {
            assertThat(refusal.body().error().param()).isEqualTo(param);
            assertThat(refusal.body().error().message()).startsWith(param + " " + message);
        });
    }
}
