package io.github.internvl.server;

import static io.github.internvl.server.Demo.picture;
import static io.github.internvl.server.Demo.text;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A thousand requests that something is wrong with, of which none may make the server fail. */
@Timeout(300)
class HostileRequestsTest {
    private static final int REQUESTS = 1000;
    private static final List<String> PATHS =
            List.of("/v1/chat/completions", "/v1/completions", "/v1/responses", "/tokenize", "/detokenize");
    private static final List<String> VALUES = List.of(
            "null",
            "true",
            "-1",
            "1e999",
            "0.5",
            "99999999999999999999",
            "\"\"",
            "\"x\"",
            "[]",
            "{}",
            "[null]",
            "[[]]",
            "{\"type\": {}}",
            "\"data:image/png;base64,\"",
            "\"https://169.254.169.254/\"",
            "\"\\ud800\"",
            "[1, \"a\"]",
            "\"<|im_end|>\"",
            "{\"url\": []}",
            "-0",
            "1e-400",
            "\"data:image/gif;base64,R0lGODlh\"");

    private final Random random = new Random(42);
    private final String whole =
            "{\"model\": \"demo\", \"messages\": [{\"role\": \"system\", \"content\": \"s\"}, {\"role\":"
                    + " \"user\", \"content\": [" + text("Why?") + ", " + picture("shapes.png", "\"detail\": \"low\"")
                    + "]}], \"max_tokens\": 1, \"temperature\": 0.5, \"top_p\": 0.9, \"stop\": [\"a\"], \"logprobs\": true,"
                    + " \"prompt\": \"Why?\", \"input\": \"Why?\", \"tokens\": [1, 2], \"logit_bias\": {\"5\": 1}, \"tool_choice\": \"none\", \"tools\":"
                    + " [{\"type\": \"function\", \"function\": {\"name\": \"f\", \"parameters\": {\"type\": \"object\"}}}],"
                    + " \"response_format\": {\"type\": \"text\"}, \"stream\": false, \"stream_options\": null}";

    @Test
    void makeItRefuseButNeverFail() {
        int refused = 0;
        try (Demo demo = Demo.start()) {
            for (int i = 0; i < REQUESTS; i++) {
                String path = PATHS.get(random.nextInt(PATHS.size()));
                byte[] body = mutated();
                HttpResponse<String> response = Demo.send(demo.request(path)
                        .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                        .build());
                assertThat(response.statusCode())
                        .as("status for request %d to %s: %s, %s", i, path, short200(body), response.body())
                        .isBetween(200, 499);
                if (response.statusCode() >= 400) {
                    refused++;
                    assertThat(Demo.json(response.body())
                                    .getAsJsonObject("error")
                                    .get("message")
                                    .getAsString())
                            .isNotEmpty();
                }
            }
            assertThat(refused).isGreaterThan(REQUESTS / 2);
            assertThat(demo.get("/metrics").body()).doesNotContain("status=\"5").contains("requests_inside 0");
            assertThat(demo.answered("/v1/completions", "{\"prompt\": \"Why?\", \"max_tokens\": 1}")
                            .has("choices"))
                    .isTrue();
        }
    }

    private static String short200(byte[] body) {
        return new String(Arrays.copyOf(body, Math.min(200, body.length)), StandardCharsets.UTF_8);
    }

    private byte[] mutated() {
        String text = whole;
        for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
            text = switch (random.nextInt(4)) {
                case 0 -> text.substring(0, random.nextInt(text.length()));
                case 1 -> "[".repeat(random.nextInt(5000)) + text;
                default -> withOtherValue(text);
            };
            if (text.isEmpty()) {
                break;
            }
        }
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        if (random.nextInt(4) == 0) {
            for (int i = 0; i < 3 && body.length > 0; i++) {
                body[random.nextInt(Math.min(body.length, 400))] = (byte) random.nextInt();
            }
        }
        return body;
    }

    /** Another value for one of the fields. */
    private String withOtherValue(String text) {
        String value = VALUES.get(random.nextInt(VALUES.size()));
        int colon = -1;
        for (int skip = random.nextInt(40); skip >= 0; skip--) {
            colon = text.indexOf("\": ", colon + 1);
            if (colon < 0) {
                return text.replaceFirst("\": \"", "\": 1");
            }
        }
        int end = text.indexOf(',', colon);
        return end < 0 ? text : text.substring(0, colon + 3) + value + text.substring(end);
    }
}
