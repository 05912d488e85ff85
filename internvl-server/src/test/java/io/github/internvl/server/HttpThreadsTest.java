package io.github.internvl.server;

import static io.github.internvl.server.Demo.ask;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(300)
class HttpThreadsTest {
    private static final String PATH = "/v1/chat/completions";
    private static final int REQUESTS = 100;

    @ParameterizedTest
    @ValueSource(ints = {2, 128})
    void answerUnderAFullHouseOnAnyNumberOfProcessors(int processors) throws Exception {
        Process java = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:ActiveProcessorCount=" + processors,
                        "-Xmx512m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        FullHouse.class.getName())
                .redirectErrorStream(true)
                .start();
        try {
            String told = new String(java.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(java.waitFor(1, TimeUnit.MINUTES)).isTrue();
            assertThat(told).contains("answered by " + processors + " processors: 200 200 200 429 429");
        } finally {
            java.destroyForcibly();
        }
    }

    /** A server with a full house, and its answers to those who look. */
    static final class FullHouse {
        private FullHouse() {}

        public static void main(String[] args) throws IOException, InterruptedException {
            try (Demo demo = Demo.start(
                    options -> options.maxRequests(REQUESTS),
                    model -> model.maxWaiting(REQUESTS).threads(1))) {
                List<Socket> inside = new ArrayList<>();
                byte[] body = ask("\"Why?\"", "\"ignore_eos\": true", "\"max_tokens\": 4000")
                        .getBytes(StandardCharsets.UTF_8);
                for (int i = 0; i < REQUESTS; i++) {
                    Socket socket = new Socket(InetAddress.getLoopbackAddress(), demo.server.port());
                    String head = "POST " + PATH + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                            + "Content-Length: " + body.length + "\r\n\r\n";
                    socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
                    socket.getOutputStream().write(body);
                    inside.add(socket);
                }
                while (!demo.get("/metrics").body().contains("requests_inside " + REQUESTS)) {
                    Thread.sleep(20);
                }
                List<HttpResponse<String>> seen = new ArrayList<>();
                for (String path : List.of("/ready", "/health", "/metrics")) {
                    seen.add(demo.get(path));
                }
                for (int i = 0; i < 2; i++) {
                    seen.add(demo.post(PATH, new String(body, StandardCharsets.UTF_8)));
                }
                System.out.println("answered by " + Runtime.getRuntime().availableProcessors() + " processors: "
                        + String.join(
                                " ",
                                seen.stream()
                                        .map(response -> Integer.toString(response.statusCode()))
                                        .toList()));
                for (Socket socket : inside) {
                    socket.close();
                }
            }
        }
    }
}
