package io.github.internvl.server;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.internvl.InternVL;
import io.github.internvl.InternVLBuilder;
import io.github.internvl.Precision;
import io.github.internvl.demo.DemoModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.UnaryOperator;

/** The demo model behind a server, and a client of it over real HTTP. */
final class Demo implements AutoCloseable {
    static final String NAME = "demo";

    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    final InternVL model;
    final InternVLServer server;

    private Demo(InternVL model, ServerOptions options) {
        this.model = model;
        this.server = InternVLServer.start(model, options);
    }

    static Demo start() {
        return start(options -> options, builder -> builder);
    }

    static Demo start(UnaryOperator<ServerOptions.Builder> options, UnaryOperator<InternVLBuilder> model) {
        return start(DemoModel.path(), options, model);
    }

    /** The same of another folder. */
    static Demo start(Path folder, UnaryOperator<ServerOptions.Builder> options, UnaryOperator<InternVLBuilder> model) {
        InternVLBuilder builder = InternVL.builder(folder).device("cpu").precision(Precision.FLOAT32);
        ServerOptions.Builder settings =
                ServerOptions.builder().port(0).modelName(NAME).maxMediaBytes(200_000_000);
        return new Demo(model.apply(builder).load(), options.apply(settings).build());
    }

    URI uri(String path) {
        return server.uri().resolve(path);
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(uri(path)).header("Content-Type", "application/json");
    }

    HttpResponse<String> get(String path) {
        return send(HttpRequest.newBuilder(uri(path)).build());
    }

    HttpResponse<String> post(String path, String body) {
        return send(
                request(path).POST(HttpRequest.BodyPublishers.ofString(body)).build());
    }

    /** Asks a chat, and gives the whole answer, which must be one. */
    JsonObject chat(String body) {
        return answered("/v1/chat/completions", body);
    }

    JsonObject answered(String path, String body) {
        HttpResponse<String> response = post(path, body);
        if (response.statusCode() != 200) {
            throw new AssertionError(response.statusCode() + ": " + response.body());
        }
        return json(response.body());
    }

    /** The error object of a refusal, with its status as a field. */
    JsonObject refused(String path, String body) {
        HttpResponse<String> response = post(path, body);
        JsonObject error = json(response.body()).getAsJsonObject("error");
        error.addProperty("status", response.statusCode());
        return error;
    }

    /** The chunks of a streamed answer, which must end as streams do. */
    List<JsonObject> streamed(String path, String body) {
        HttpResponse<String> response = post(path, body);
        List<String> lines =
                response.body().lines().filter(line -> !line.isEmpty()).toList();
        if (response.statusCode() != 200 || !lines.get(lines.size() - 1).equals("data: [DONE]")) {
            throw new AssertionError(response.statusCode() + ": " + response.body());
        }
        List<JsonObject> chunks = new ArrayList<>();
        for (String line : lines.subList(0, lines.size() - 1)) {
            chunks.add(json(line.substring("data: ".length())));
        }
        return chunks;
    }

    static HttpResponse<String> send(HttpRequest request) {
        try {
            return CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    static JsonObject json(String text) {
        return JsonParser.parseString(text).getAsJsonObject();
    }

    /** The body of a chat with one message, its content JSON, and more fields. */
    static String ask(String content, String... fields) {
        return "{\"model\": \"demo\", \"messages\": [{\"role\": \"user\", \"content\": " + content + "}]"
                + String.join(
                        "", List.of(fields).stream().map(field -> ", " + field).toList())
                + "}";
    }

    static String text(String text) {
        return "{\"type\": \"text\", \"text\": \"" + text + "\"}";
    }

    /** A part of a message with a sample picture and more fields beside its URL. */
    static String picture(String sample, String... fields) {
        return part("image_url", "image/png", sample, fields);
    }

    static String video(String sample, String... fields) {
        return part("video_url", "video/mp4", sample, fields);
    }

    private static String part(String type, String media, String sample, String... fields) {
        try {
            String url = "data:" + media + ";base64,"
                    + Base64.getEncoder().encodeToString(Files.readAllBytes(DemoModel.sample(sample)));
            String more = String.join(
                    "", List.of(fields).stream().map(field -> ", " + field).toList());
            return "{\"type\": \"" + type + "\", \"" + type + "\": {\"url\": \"" + url + "\"" + more + "}}";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static JsonObject choice(JsonObject answer, int index) {
        return answer.getAsJsonArray("choices").get(index).getAsJsonObject();
    }

    static String content(JsonObject answer) {
        return choice(answer, 0).getAsJsonObject("message").get("content").getAsString();
    }

    /** The text that the chunks of an answer make together. */
    static String content(List<JsonObject> chunks, int index) {
        StringBuilder text = new StringBuilder();
        for (JsonObject chunk : chunks) {
            JsonArray choices = chunk.getAsJsonArray("choices");
            if (!choices.isEmpty() && choice(chunk, 0).get("index").getAsInt() == index) {
                JsonObject delta = choice(chunk, 0).getAsJsonObject("delta");
                text.append(delta.has("content") ? delta.get("content").getAsString() : "");
            }
        }
        return text.toString();
    }

    @Override
    public void close() {
        server.close();
        model.close();
    }
}
