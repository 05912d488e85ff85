package io.github.internvl.server;

import static io.github.internvl.server.Demo.ask;
import static io.github.internvl.server.Demo.picture;
import static io.github.internvl.server.Demo.text;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.sun.net.httpserver.HttpServer;
import io.github.internvl.demo.DemoModel;
import io.github.internvl.web.RemoteMedia;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class RemoteMediaTest {
    private static final String PATH = "/v1/chat/completions";

    private static String remote(String address) {
        return ask("[{\"type\": \"image_url\", \"image_url\": {\"url\": \"" + address + "\"}}, "
                + text("Is there a green star?") + "]");
    }

    @Test
    void fetchesFromAllowedHostsOnly() throws IOException {
        HttpServer web = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        byte[] file = Files.readAllBytes(DemoModel.sample("shapes.png"));
        web.createContext("/shapes.png", exchange -> {
            exchange.sendResponseHeaders(200, file.length);
            try (OutputStream out = exchange.getResponseBody()) {
                out.write(file);
            }
        });
        web.start();
        String host = "127.0.0.1:" + web.getAddress().getPort();
        RemoteMedia rules = RemoteMedia.builder().allowPrivateHost(host).build();
        try (Demo demo = Demo.start(options -> options.remoteMedia(rules), model -> model)) {
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
        } finally {
            web.stop(0);
        }
    }
}
