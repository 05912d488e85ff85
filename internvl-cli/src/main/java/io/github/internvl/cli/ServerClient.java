package io.github.internvl.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.github.internvl.ChatResponse;
import io.github.internvl.InternVLException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A client of a server with OpenAI's chat protocol. Thread-safe. */
final class ServerClient {
    private static final String KEY = "INTERNVL_API_KEY";

    private static final Map<String, String> TYPES = Map.of(
            "png",
            "image/png",
            "jpg",
            "image/jpeg",
            "jpeg",
            "image/jpeg",
            "gif",
            "image/gif",
            "webp",
            "image/webp",
            "mp4",
            "video/mp4",
            "webm",
            "video/webm",
            "mov",
            "video/quicktime");

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(10))
            .build();
    private final URI base;

    /**
     * A streamed answer at its end.
     *
     * @param finishReason the protocol's finish reason
     * @param usage its token counts, if the server sent them
     * @param boxes the boxes in its text
     */
    record Answer(
            String text, String finishReason, @Nullable JsonObject usage, List<ChatResponse.Box> boxes) {}

    /** Creates a client of a server; its address may end in {@code /v1}. */
    ServerClient(URI server) {
        String text = server.toString().replaceFirst("/+$", "").replaceFirst("/v1$", "");
        if (!text.matches("https?://.+")) {
            throw new IllegalArgumentException("--server must be a URL such as http://localhost:23333: " + server);
        }
        base = URI.create(text + "/v1/");
    }

    /** The address of its interface. */
    URI address() {
        return base;
    }

    /** The name of the server's model. */
    String model() {
        JsonObject list = json(send(request("models").build(), HttpResponse.BodyHandlers.ofString()));
        return list.getAsJsonArray("data").get(0).getAsJsonObject().get("id").getAsString();
    }

    /** Sends a request and passes each piece of the answer to {@code onText} as it arrives. */
    Answer stream(JsonObject body, Consumer<String> onText) {
        JsonObject options = new JsonObject();
        options.addProperty("include_usage", true);
        body.addProperty("stream", true);
        body.add("stream_options", options);
        HttpRequest request = request("chat/completions")
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
                .build();
        HttpResponse<Stream<String>> response = send(request, HttpResponse.BodyHandlers.ofLines());
        StringBuilder text = new StringBuilder();
        String finish = "";
        JsonObject usage = null;
        List<ChatResponse.Box> boxes = List.of();
        try (Stream<String> lines = response.body()) {
            for (Iterator<String> line = lines.iterator(); line.hasNext(); ) {
                JsonObject chunk = chunk(line.next());
                if (chunk.get("usage") instanceof JsonObject told) {
                    usage = told;
                }
                JsonObject choice = first(chunk.get("choices"));
                if (choice.get("delta") instanceof JsonObject delta && isText(delta.get("content"))) {
                    String piece = delta.get("content").getAsString();
                    text.append(piece);
                    onText.accept(piece);
                }
                finish = isText(choice.get("finish_reason"))
                        ? choice.get("finish_reason").getAsString()
                        : finish;
                boxes = choice.has("boxes") ? boxes(choice.getAsJsonArray("boxes")) : boxes;
            }
        }
        if (finish.isEmpty()) {
            throw new InternVLException(base + ": the connection ended before the answer was complete");
        }
        return new Answer(text.toString(), finish, usage, boxes);
    }

    private JsonObject chunk(String line) {
        if (!line.startsWith("data: ") || line.equals("data: [DONE]")) {
            return new JsonObject();
        }
        JsonObject chunk =
                JsonParser.parseString(line.substring("data: ".length())).getAsJsonObject();
        if (chunk.get("error") instanceof JsonObject error) {
            throw new InternVLException(base + ": " + error.get("message").getAsString());
        }
        return chunk;
    }

    private static List<ChatResponse.Box> boxes(JsonArray told) {
        return told.asList().stream()
                .map(JsonElement::getAsJsonObject)
                .map(box -> new ChatResponse.Box(
                        box.get("label").getAsString(),
                        box.get("x1").getAsInt(),
                        box.get("y1").getAsInt(),
                        box.get("x2").getAsInt(),
                        box.get("y2").getAsInt()))
                .toList();
    }

    private static JsonObject first(@Nullable JsonElement choices) {
        return choices instanceof JsonArray array && !array.isEmpty()
                ? array.get(0).getAsJsonObject()
                : new JsonObject();
    }

    private static boolean isText(@Nullable JsonElement value) {
        return value != null && value.isJsonPrimitive();
    }

    private HttpRequest.Builder request(String route) {
        HttpRequest.Builder request = HttpRequest.newBuilder(base.resolve(route));
        String key = System.getenv(KEY);
        return key == null ? request : request.header("Authorization", "Bearer " + key);
    }

    private <T> HttpResponse<T> send(HttpRequest request, HttpResponse.BodyHandler<T> handler) {
        try {
            HttpResponse<T> response = http.send(
                    request, info -> info.statusCode() == 200 ? handler.apply(info) : refused(info.statusCode()));
            return response;
        } catch (IOException e) {
            if (e.getCause() instanceof InternVLException refusal) {
                throw refusal;
            }
            throw new InternVLException(
                    base + ": cannot be reached; start the server with internvl serve (" + e + ")", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InternVLException("interrupted while waiting for " + base, e);
        }
    }

    private <T> HttpResponse.BodySubscriber<T> refused(int status) {
        return HttpResponse.BodySubscribers.mapping(
                HttpResponse.BodySubscribers.ofString(StandardCharsets.UTF_8), body -> {
                    throw new InternVLException(base + ": " + status + ", " + message(body));
                });
    }

    private static String message(String body) {
        try {
            return JsonParser.parseString(body)
                    .getAsJsonObject()
                    .getAsJsonObject("error")
                    .get("message")
                    .getAsString();
        } catch (JsonParseException | IllegalStateException | NullPointerException e) {
            return "without a readable reason";
        }
    }

    private static JsonObject json(HttpResponse<String> response) {
        return JsonParser.parseString(response.body()).getAsJsonObject();
    }

    /** A part of a message: a file as a {@code data:} URL, or a URL for the server to fetch. */
    static JsonObject part(String type, String place) throws IOException {
        JsonObject source = new JsonObject();
        source.addProperty("url", place.matches("(?i)https?://.*") ? place : dataUrl(Path.of(place)));
        JsonObject part = new JsonObject();
        part.addProperty("type", type);
        part.add(type, source);
        return part;
    }

    private static String dataUrl(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new IllegalArgumentException(
                    file + ": is a folder, and a server accepts only files; convert it to a video file");
        }
        String ending = file.toString().replaceFirst(".*\\.", "").toLowerCase(Locale.ROOT);
        try (InputStream in = Files.newInputStream(file)) {
            return "data:" + TYPES.getOrDefault(ending, "application/octet-stream") + ";base64,"
                    + Base64.getEncoder().encodeToString(in.readAllBytes());
        }
    }

    /** A text part of a message. */
    static JsonObject words(String text) {
        JsonObject part = new JsonObject();
        part.addProperty("type", "text");
        part.addProperty("text", text);
        return part;
    }
}
