package io.github.internvl.tests.attack;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Iterator;
import java.util.stream.Stream;

/**
 * When the first piece of a streamed answer came.
 *
 * @param seconds from sending the request; until the end if no piece came
 * @param failure the event that ended the answer early, or a status that does not say when to come again; empty if neither
 */
record FirstToken(int status, double seconds, String failure) {
    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /** Asks and reads the answer to its end. */
    static FirstToken of(URI chat, String body, Duration patience) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(chat)
                .header("Content-Type", "application/json")
                .timeout(patience)
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        long start = System.nanoTime();
        HttpResponse<Stream<String>> response = HTTP.send(request, HttpResponse.BodyHandlers.ofLines());
        double first = Double.NaN;
        boolean busy = response.headers().firstValue("retry-after").isPresent();
        String failure = response.statusCode() == 200 || busy ? "" : "status " + response.statusCode();
        try (Stream<String> lines = response.body()) {
            for (Iterator<String> line = lines.iterator(); line.hasNext(); ) {
                String event = line.next();
                if (event.startsWith("data: ") && event.contains("\"error\"")) {
                    failure = event;
                } else if (Double.isNaN(first)
                        && event.contains("\"content\":\"")
                        && !event.contains("\"content\":\"\"")) {
                    first = (System.nanoTime() - start) / 1e9;
                }
            }
        }
        return new FirstToken(
                response.statusCode(), Double.isNaN(first) ? (System.nanoTime() - start) / 1e9 : first, failure);
    }
}
