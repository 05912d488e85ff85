package io.github.internvl.server;

import static io.github.internvl.server.Demo.ask;
import static io.github.internvl.server.Demo.picture;
import static io.github.internvl.server.Demo.text;
import static io.github.internvl.server.Demo.video;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.sun.net.httpserver.HttpServer;
import io.github.internvl.demo.DemoModel;
import io.github.internvl.web.RemoteMedia;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class MediaRequestsTest {
    private static final String PATH = "/v1/chat/completions";

    private HttpServer web;
    private String host;

    @BeforeEach
    void serveSamples() throws IOException {
        web = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        for (String name : List.of("shapes.png", "clip.mp4")) {
            byte[] file = Files.readAllBytes(DemoModel.sample(name));
            web.createContext("/" + name, exchange -> {
                exchange.sendResponseHeaders(200, file.length);
                try (OutputStream out = exchange.getResponseBody()) {
                    out.write(file);
                }
            });
        }
        web.start();
        host = "127.0.0.1:" + web.getAddress().getPort();
    }

    @AfterEach
    void stopServing() {
        web.stop(0);
    }

    private Demo fetching() {
        RemoteMedia rules = RemoteMedia.builder().allowPrivateHost(host).build();
        return Demo.start(options -> options.remoteMedia(rules), model -> model);
    }

    private static String remote(String address) {
        return ask("[{\"type\": \"image_url\", \"image_url\": {\"url\": \"" + address + "\"}}, "
                + text("Is there a green star?") + "]");
    }

    @Test
    void fetchesFromAllowedHostsOnly() {
        try (Demo demo = fetching()) {
            JsonObject fetched = demo.chat(remote("http://" + host + "/shapes.png"));
            assertThat(Demo.content(fetched))
                    .isEqualTo(Demo.content(
                            demo.chat(ask("[" + picture("shapes.png") + ", " + text("Is there a green star?") + "]"))));
            for (String address : new String[] {
                "http://" + host + "/none.png", "http://example.com/a.png", "http://169.254.169.254/", "http://[bad/"
            }) {
                JsonObject error = demo.refused(PATH, remote(address));
                assertThat(error.get("status").getAsInt()).as(address).isEqualTo(400);
                assertThat(error.get("message").getAsString()).contains("cannot be fetched");
            }
        }
    }

    @Test
    void takesTheFramesOfAClipFromTheWeb() {
        String question = text("What do you see?");
        try (Demo demo = fetching()) {
            JsonObject fetched = demo.chat(ask("[" + clip("http://" + host + "/clip.mp4") + ", " + question + "]"));
            JsonObject sent = demo.chat(ask("[" + video("clip.mp4", "\"num_frames\": 4") + ", " + question + "]"));
            assertThat(Demo.content(fetched)).isNotEmpty().isEqualTo(Demo.content(sent));
            assertThat(fetched.getAsJsonObject("usage").get("prompt_tokens"))
                    .isEqualTo(sent.getAsJsonObject("usage").get("prompt_tokens"));
            for (String file : List.of("none.mp4", "shapes.png")) {
                JsonObject error =
                        demo.refused(PATH, ask("[" + clip("http://" + host + "/" + file) + ", " + question + "]"));
                assertThat(error.get("status").getAsInt()).as(file).isEqualTo(400);
                assertThat(error.get("message").getAsString())
                        .contains(file.equals("none.mp4") ? "cannot be fetched" : "is not a usable video");
            }
        }
    }

    private static String clip(String address) {
        return "{\"type\": \"video_url\", \"video_url\": {\"url\": \"" + address + "\", \"num_frames\": 4}}";
    }

    /** A picture of a small file and many pixels. */
    private static String large() throws IOException {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        ImageIO.write(new BufferedImage(4000, 3000, BufferedImage.TYPE_BYTE_BINARY), "png", file);
        return "data:image/png;base64," + Base64.getEncoder().encodeToString(file.toByteArray());
    }

    @Test
    void goesOnAfterManyLargePicturesAtOnce() throws IOException {
        String part =
                "{\"type\": \"image_url\", \"image_url\": {\"url\": \"" + large() + "\", \"max_dynamic_patch\": 1}}";
        String one = ask("[" + part + ", " + text("Why?") + "]", "\"max_tokens\": 1");
        String ten = ask("[" + (part + ", ").repeat(10) + text("Why?") + "]", "\"max_tokens\": 1");
        try (Demo demo = Demo.start()) {
            List<CompletableFuture<HttpResponse<String>>> responses = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                String body = i % 4 == 0 ? ten : one;
                responses.add(CompletableFuture.supplyAsync(() -> demo.post("/v1/chat/completions", body)));
            }
            for (CompletableFuture<HttpResponse<String>> sent : responses) {
                HttpResponse<String> response = sent.join();
                assertThat(response.statusCode()).isIn(200, 413, 429);
                if (response.statusCode() != 200) {
                    JsonObject error = Demo.json(response.body()).getAsJsonObject("error");
                    assertThat(error.get("code").getAsString()).isIn("request_too_large", "server_busy");
                }
            }
            assertThat(demo.post("/v1/chat/completions", ten).statusCode()).isEqualTo(413);
            assertThat(demo.post("/v1/chat/completions", one).statusCode()).isEqualTo(200);
            assertThat(demo.get("/metrics").body())
                    .contains("requests_inside 0")
                    .doesNotContain("status=\"5");
        }
    }
}
