package io.github.internvl.server;

import static io.github.internvl.server.Demo.ask;
import static io.github.internvl.server.Demo.picture;
import static io.github.internvl.server.Demo.text;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(180)
class AdmissionTest {
    private static final String PATH = "/v1/chat/completions";
    private static final String ENDLESS = ask("\"Why?\"", "\"ignore_eos\": true", "\"max_tokens\": 4000");
    private static final String SHORT = ask("\"Why?\"", "\"max_tokens\": 1");

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("the wait for it").isLessThan(end);
            Thread.sleep(5);
        }
    }

    /** Sends a request as it stands and leaves the connection open. */
    private static Socket open(Demo demo, String body) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), demo.server.port());
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        OutputStream out = socket.getOutputStream();
        String head =
                "POST " + PATH + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
                        + bytes.length + "\r\n\r\n";
        out.write(head.getBytes(StandardCharsets.US_ASCII));
        out.write(bytes);
        out.flush();
        return socket;
    }

    @ParameterizedTest
    @ValueSource(strings = {"false", "true"})
    void freesTheSlotOfAClientThatLeaves(String streamed) throws Exception {
        try (Demo demo = Demo.start(options -> options, model -> model.maxConcurrent(1))) {
            String body = ENDLESS.replaceFirst("\\{", "{\"stream\": " + streamed + ", ");
            Socket answered = open(demo, body);
            await(() -> demo.model.stats().generatedTokens() > 0);
            Socket waiting = open(demo, body);
            await(() -> demo.model.stats().waiting() == 1);
            waiting.close();
            await(() -> demo.model.stats().waiting() == 0);
            assertThat(demo.model.stats().running()).isEqualTo(1);
            answered.close();
            await(() -> demo.model.stats().running() == 0);
            assertThat(demo.model.stats().generatedTokens()).isLessThan(4000);
            demo.chat(SHORT);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"\r\n", "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"})
    void freesTheSlotOfAClientThatSendsAheadAndLeaves(String ahead) throws Exception {
        try (Demo demo = Demo.start(options -> options, model -> model.maxConcurrent(1))) {
            Socket socket = open(demo, ENDLESS);
            await(() -> demo.model.stats().generatedTokens() > 0);
            socket.getOutputStream().write(ahead.getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().flush();
            Thread.sleep(200); // the server has seen these bytes
            socket.close();
            await(() -> demo.model.stats().running() == 0);
            assertThat(demo.model.stats().generatedTokens()).isLessThan(4000);
        }
    }

    @Test
    void answersTheNextRequestOnAConnectionThatWasWatched() throws Exception {
        try (Demo demo = Demo.start();
                Socket socket = open(demo, ask("\"Why?\"", "\"ignore_eos\": true", "\"max_tokens\": 200"))) {
            await(() -> demo.model.stats().generatedTokens() > 0);
            OutputStream out = socket.getOutputStream();
            out.write("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                    .getBytes(StandardCharsets.US_ASCII));
            out.flush();
            String both = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(both).contains("\"finish_reason\":\"length\"").contains("{\"status\":\"ok\"}");
        }
    }

    @Test
    void takesKeysOnly() {
        try (Demo demo = Demo.start(options -> options.apiKeys(List.of("first", "second")), model -> model)) {
            HttpResponse<String> without = demo.post(PATH, SHORT);
            assertThat(without.statusCode()).isEqualTo(401);
            assertThat(without.headers().firstValue("www-authenticate")).contains("Bearer");
            assertThat(Demo.json(without.body())
                            .getAsJsonObject("error")
                            .get("code")
                            .getAsString())
                    .isEqualTo("invalid_api_key");
            for (String wrong : List.of("Bearer third", "Bearer", "first", "Basic first", "Bearer first second")) {
                assertThat(keyed(demo, wrong)).as(wrong).isEqualTo(401);
            }
            assertThat(keyed(demo, "Bearer second")).isEqualTo(200);
            assertThat(keyed(demo, "bearer first")).isEqualTo(200);
            assertThat(demo.get("/v1/models").statusCode()).isEqualTo(401);
            assertThat(demo.get("/metrics").statusCode()).isEqualTo(401);
            assertThat(demo.get("/health").statusCode()).isEqualTo(200);
        }
    }

    private static int keyed(Demo demo, String authorization) {
        return Demo.send(demo.request(PATH)
                        .header("Authorization", authorization)
                        .POST(HttpRequest.BodyPublishers.ofString(SHORT))
                        .build())
                .statusCode();
    }

    @Test
    void refusesWhatIsTooMuch() throws Exception {
        try (Demo demo = Demo.start(
                        options -> options.maxRequests(2).requestsPerMinute(5),
                        model -> model.maxConcurrent(1).maxWaiting(0));
                Socket running = open(demo, ENDLESS)) {
            await(() -> demo.model.stats().running() == 1);
            HttpResponse<String> queued = demo.post(PATH, SHORT);
            assertThat(queued.statusCode()).isEqualTo(429);
            assertThat(queued.headers().firstValue("retry-after")).contains("1");
            assertThat(Demo.json(queued.body())
                            .getAsJsonObject("error")
                            .get("type")
                            .getAsString())
                    .isEqualTo("rate_limit_error");
            for (int i = 0; i < 3; i++) {
                assertThat(code(demo.post(PATH, SHORT))).isEqualTo("server_busy");
            }
            HttpResponse<String> limited = demo.post(PATH, SHORT);
            assertThat(code(limited)).isEqualTo("rate_limit_exceeded");
            assertThat(Integer.parseInt(
                            limited.headers().firstValue("retry-after").orElseThrow()))
                    .isBetween(1, 12);
            assertThat(running.isConnected()).isTrue();
            assertThat(demo.get("/health").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void keepsAnsweringHealthWhenTheHouseIsFull() throws Exception {
        try (Demo demo = Demo.start(options -> options.maxRequests(1), model -> model);
                Socket running = open(demo, ENDLESS)) {
            await(() -> demo.model.stats().running() == 1);
            assertThat(code(demo.post(PATH, SHORT))).isEqualTo("server_busy");
            assertThat(demo.get("/health").statusCode()).isEqualTo(200);
            assertThat(demo.get("/metrics").body()).contains("internvl_http_requests_inside 1");
            assertThat(running.isConnected()).isTrue();
        }
    }

    private static String code(HttpResponse<String> refused) {
        return Demo.json(refused.body()).getAsJsonObject("error").get("code").getAsString();
    }

    @Test
    void limitsBodiesAndPictures() {
        String pictures = ask("[" + picture("shapes.png") + ", " + text("Why?") + "]");
        try (Demo demo = Demo.start(options -> options.maxBodyBytes(500), model -> model)) {
            HttpResponse<String> announced = demo.post(PATH, pictures);
            assertThat(announced.statusCode()).isEqualTo(413);
            HttpRequest.BodyPublisher unknownLength = HttpRequest.BodyPublishers.ofInputStream(
                    () -> new ByteArrayInputStream(pictures.getBytes(StandardCharsets.UTF_8)));
            HttpResponse<String> chunked =
                    Demo.send(demo.request(PATH).POST(unknownLength).build());
            assertThat(code(chunked)).isEqualTo("request_too_large");
            assertThat(chunked.statusCode()).isEqualTo(413);
            assertThat(demo.post(PATH, SHORT).statusCode()).isEqualTo(200);
        }
        try (Demo demo = Demo.start(options -> options.maxMediaBytes(60_000), model -> model)) {
            assertThat(demo.post(PATH, pictures).statusCode()).isEqualTo(413);
            assertThat(demo.post(PATH, SHORT).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void endsAnswersWhenTheirTimeIsOver() {
        try (Demo demo = Demo.start(options -> options.timeout(Duration.ofMillis(700)), model -> model)) {
            JsonObject answer = demo.chat(ENDLESS);
            assertThat(Demo.choice(answer, 0).get("stop_reason").getAsString()).isEqualTo("timeout");
            assertThat(Demo.choice(answer, 0).get("finish_reason").getAsString())
                    .isEqualTo("length");
        }
    }

    @Test
    void finishesWhatIsInsideBeforeItCloses() throws Exception {
        Demo demo = Demo.start();
        CompletableFuture<JsonObject> inside = CompletableFuture.supplyAsync(
                () -> demo.chat(ask("\"Why?\"", "\"ignore_eos\": true", "\"max_tokens\": 300")));
        await(() -> demo.model.stats().generatedTokens() > 0);
        CompletableFuture<Void> closing = CompletableFuture.runAsync(() -> demo.server.close(Duration.ofMinutes(1)));
        await(() -> demo.get("/ready").statusCode() == 503);
        HttpResponse<String> late = demo.post(PATH, SHORT);
        assertThat(late.statusCode()).isEqualTo(503);
        assertThat(late.headers().firstValue("retry-after")).isPresent();
        assertThat(inside.get()
                        .getAsJsonObject("usage")
                        .get("completion_tokens")
                        .getAsInt())
                .isEqualTo(300);
        closing.get();
        demo.model.close();
    }

    @Test
    void endsWhatIsLeftWhenPatienceIsOver() throws Exception {
        Demo demo = Demo.start();
        CompletableFuture<HttpResponse<String>> inside = CompletableFuture.supplyAsync(() -> demo.post(PATH, ENDLESS));
        await(() -> demo.model.stats().generatedTokens() > 0);
        demo.close();
        assertThat(inside.handle((response, failure) -> failure != null || response.statusCode() == 503)
                        .get())
                .isTrue();
    }

    @Test
    void namesRequests() {
        try (Demo demo = Demo.start()) {
            HttpRequest named = HttpRequest.newBuilder(demo.uri("/v1/models"))
                    .header("x-request-id", "mine-1")
                    .build();
            assertThat(Demo.send(named).headers().firstValue("x-request-id")).contains("mine-1");
            HttpRequest forged = HttpRequest.newBuilder(demo.uri("/v1/models"))
                    .header("x-request-id", "a b\"c")
                    .build();
            assertThat(Demo.send(forged).headers().firstValue("x-request-id").orElseThrow())
                    .matches("[0-9a-f]{32}");
        }
    }

    @Test
    void letsOnlyNamedOriginsIn() {
        try (Demo demo =
                Demo.start(options -> options.allowedOrigins(List.of("https://example.com")), model -> model)) {
            HttpResponse<String> preflight = Demo.send(HttpRequest.newBuilder(demo.uri(PATH))
                    .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
                    .header("Origin", "https://example.com")
                    .header("Access-Control-Request-Method", "POST")
                    .build());
            assertThat(preflight.statusCode()).isEqualTo(204);
            assertThat(preflight.headers().firstValue("access-control-allow-origin"))
                    .contains("https://example.com");
            HttpResponse<String> other = Demo.send(HttpRequest.newBuilder(demo.uri("/v1/models"))
                    .header("Origin", "https://example.org")
                    .build());
            assertThat(other.headers().firstValue("access-control-allow-origin"))
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({"evil.example, 403", "127.0.0.1.evil.example, 403", "LocalHost:1, 200", "[::1]:2, 200", "0.0.0.0:3, 200"
    })
    void answersOnlyItsOwnNames(String host, int status) throws IOException {
        try (Demo demo = Demo.start();
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), demo.server.port())) {
            String request = "GET /v1/models HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .startsWith("HTTP/1.1 " + status);
        }
    }

    @Test
    void takesJsonOnly() {
        try (Demo demo = Demo.start()) {
            HttpRequest plain = HttpRequest.newBuilder(demo.uri(PATH))
                    .header("Content-Type", "text/plain")
                    .POST(HttpRequest.BodyPublishers.ofString(SHORT))
                    .build();
            assertThat(Demo.send(plain).statusCode()).isEqualTo(415);
            assertThat(demo.get(PATH).statusCode()).isEqualTo(405);
            HttpResponse<String> nowhere = demo.get("/v1/nothing");
            assertThat(nowhere.statusCode()).isEqualTo(404);
            assertThat(Demo.json(nowhere.body())
                            .getAsJsonObject("error")
                            .get("message")
                            .getAsString())
                    .contains("no such route");
        }
    }
}
