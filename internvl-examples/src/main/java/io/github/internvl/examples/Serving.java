package io.github.internvl.examples;

import io.github.internvl.InternVL;
import io.github.internvl.server.InternVLServer;
import io.github.internvl.server.ServerOptions;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;

/** A server inside your own program. */
public final class Serving {
    private Serving() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        Path folder = Inputs.of(args).model();
        // tag::serving[]
        ServerOptions options =
                ServerOptions.builder().port(0).apiKeys(List.of("a-secret")).build();
        try (InternVL model = InternVL.load(folder);
                InternVLServer server = InternVLServer.start(model, options)) {
            HttpRequest models = HttpRequest.newBuilder(server.uri().resolve("v1/models"))
                    .header("Authorization", "Bearer a-secret")
                    .build();
            System.out.println(HttpClient.newHttpClient()
                    .send(models, HttpResponse.BodyHandlers.ofString())
                    .body());
        }
        // end::serving[]
    }
}
