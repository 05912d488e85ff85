package io.github.internvl.server;

import static io.github.internvl.server.Demo.ask;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies that come slowly, cut, wrongly framed, or hold more than they weigh. */
@Timeout(180)
class BodiesTest {
    private static final String PATH = "/v1/chat/completions";
    private static final String SHORT = ask("\"Why?\"", "\"max_tokens\": 1");

    /** Sends the beginning of a request. */
    private static Socket begin(Demo demo, String headers, String body) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), demo.server.port());
        String head = "POST " + PATH + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + headers
                + "\r\n\r\n";
        socket.getOutputStream().write((head + body).getBytes(StandardCharsets.UTF_8));
        return socket;
    }

    private static String answer(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void areNotHeldUpByThoseOfOthers() throws Exception {
        try (Demo demo = Demo.start(options -> options.maxRequests(2), model -> model)) {
            List<Socket> slow = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                slow.add(begin(demo, "Content-Length: 1000", "{"));
            }
            while (!demo.get("/metrics").body().contains("requests_reading 16")) {
                Thread.sleep(5);
            }
            assertThat(demo.get("/metrics").body()).contains("requests_inside 0");
            Thread.sleep(1100); // none of them is young any more
            for (int i = 0; i < 3; i++) {
                demo.chat(SHORT);
            }
            int ended = 0;
            for (Socket socket : slow) {
                socket.setSoTimeout(20_000);
                if (answer(socket).startsWith("HTTP/1.1 408 ")) {
                    ended++;
                }
            }
            assertThat(ended)
                    .as("those ended for others, and those that paused for 10 s")
                    .isEqualTo(16);
            demo.chat(SHORT);
        }
    }

    @Test
    void countAgainstTheTimeOfTheRequest() throws Exception {
        try (Demo demo = Demo.start(options -> options.timeout(Duration.ofSeconds(1)), model -> model);
                Socket silent = begin(demo, "Content-Length: 1000", "{");
                Socket dripping = begin(demo, "Content-Length: 1000", "{")) {
            Thread drip = new Thread(() -> {
                try {
                    while (true) {
                        dripping.getOutputStream().write(' ');
                        Thread.sleep(200);
                    }
                } catch (IOException | InterruptedException e) {
                    return; // the server has closed it
                }
            });
            drip.start();
            assertThat(answer(silent)).startsWith("HTTP/1.1 408 ").contains("\"code\":\"");
            byte[] first = dripping.getInputStream().readNBytes(12);
            assertThat(new String(first, StandardCharsets.UTF_8)).isEqualTo("HTTP/1.1 408");
            drip.interrupt();
            drip.join();
            demo.chat(SHORT);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"xyz\r\n{}\r\n0\r\n\r\n", "-1\r\n{}\r\n0\r\n\r\n", "2\r\n{}}}\r\n0\r\n\r\n"})
    void areRefusedWhereTheirChunksAreMalformed(String chunks) throws IOException {
        try (Demo demo = Demo.start();
                Socket socket = begin(demo, "Transfer-Encoding: chunked", chunks)) {
            assertThat(answer(socket)).startsWith("HTTP/1.1 400 ");
            assertThat(demo.get("/metrics").body()).doesNotContain("status=\"499\"");
        }
    }

    @ParameterizedTest
    @CsvSource({"gzip, 415", "br, 415", "'gzip, identity', 415", "identity, 200", "Identity, 200"})
    void comeWithoutAnEncoding(String encoding, int status) {
        try (Demo demo = Demo.start()) {
            HttpResponse<String> response = Demo.send(demo.request(PATH)
                    .header("Content-Encoding", encoding)
                    .POST(HttpRequest.BodyPublishers.ofString(SHORT))
                    .build());
            assertThat(response.statusCode()).isEqualTo(status);
        }
    }

    @Test
    void areRefusedWhereTheyHoldTooManyValues() {
        try (Demo demo = Demo.start()) {
            String objects = "[" + "{},".repeat(300_000) + "{}]";
            for (String body :
                    List.of(ask("\"Why?\"", "\"x\": " + objects), ask("\"Why?\"", "\"tools\": " + objects))) {
                JsonObject error = demo.refused(PATH, body);
                assertThat(error.get("status").getAsInt()).isEqualTo(413);
                assertThat(error.get("message").getAsString()).contains("250,000 JSON values");
            }
            JsonObject ids = demo.refused("/detokenize", "{\"tokens\": [" + "1,".repeat(300_000) + "1]}");
            assertThat(ids.get("status").getAsInt()).isEqualTo(413);
            JsonObject word = demo.refused("/tokenize", "{\"prompt\": \"" + "a".repeat(1_000_000) + "\"}");
            assertThat(word.get("status").getAsInt()).isEqualTo(400);
            assertThat(word.get("param").getAsString()).isEqualTo("prompt");
            assertThat(word.get("message").getAsString()).contains("context of " + demo.model.contextLength());
            JsonObject text = demo.refused("/tokenize", "{\"prompt\": \"" + "a ".repeat(500_001) + "\"}");
            assertThat(text.get("status").getAsInt()).isEqualTo(413);
        }
    }

    @Test
    void shareOneTimeBetweenTheirPrompts() {
        try (Demo demo = Demo.start(options -> options.timeout(Duration.ofSeconds(2)), model -> model)) {
            String prompts = "[" + "\"Why?\",".repeat(63) + "\"Why?\"]";
            JsonObject error = demo.refused(
                    "/v1/completions", "{\"prompt\": " + prompts + ", \"ignore_eos\": true, \"max_tokens\": 4000}");
            assertThat(error.get("status").getAsInt()).isIn(408, 503);
            assertThat(error.get("code").getAsString()).isEqualTo("timeout");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void areRefusedWhereTheyAskForMoreAnswersThanAreMadeAtOnce(boolean streamed) {
        try (Demo demo = Demo.start(options -> options, model -> model.maxConcurrent(2))) {
            String two = ask("\"Why?\"", "\"n\": 2", "\"max_tokens\": 1", "\"stream\": " + streamed);
            assertThat(demo.post(PATH, two).statusCode()).isEqualTo(200);
            JsonObject error = demo.refused(PATH, two.replace("\"n\": 2", "\"n\": 3"));
            assertThat(error.get("status").getAsInt()).isEqualTo(400);
            assertThat(error.get("param").getAsString()).isEqualTo("n");
        }
    }

    @Test
    void keepTheirConnectionWhenTheyAreRejectedWhole() {
        try (Demo demo = Demo.start()) {
            HttpResponse<String> response = demo.post(PATH, "{\"messages\": ]}");
            assertThat(response.statusCode()).isEqualTo(400);
            assertThat(response.headers().firstValue("connection")).isEmpty();
        }
    }
}
