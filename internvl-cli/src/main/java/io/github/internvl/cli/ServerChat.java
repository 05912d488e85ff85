package io.github.internvl.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.github.internvl.ChatResponse;
import io.github.internvl.GenerationConfig;
import io.github.internvl.InternVLException;
import io.github.internvl.OutputFormat;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** {@code internvl chat --server}: a conversation with a server. */
final class ServerChat {
    private static final Pattern SPECIAL = Pattern.compile("[\\\\^$.|?*+()\\[\\]{}/-]");

    private final AnswerPrinter printer;
    private final Terminal terminal;
    private final ServerClient client;
    private final JsonObject settings;
    private final JsonArray messages = new JsonArray();
    private final JsonArray pending = new JsonArray();
    private final @Nullable String system;
    private final OptionalInt maxTiles;

    ServerChat(
            AnswerPrinter printer,
            ServerClient client,
            GenerationConfig config,
            @Nullable String system,
            OptionalInt maxTiles) {
        this.printer = printer;
        this.terminal = printer.terminal();
        this.client = client;
        this.settings = fields(config);
        this.system = system;
        this.maxTiles = maxTiles;
        restart();
    }

    private void restart() {
        while (!messages.isEmpty()) {
            messages.remove(0);
        }
        if (system != null) {
            messages.add(message("system", new JsonPrimitive(system)));
        }
    }

    private static JsonObject message(String role, JsonElement content) {
        JsonObject message = new JsonObject();
        message.addProperty("role", role);
        message.add("content", content);
        return message;
    }

    /** Adds a picture to the next question. */
    void addPicture(String place) throws IOException {
        JsonObject part = ServerClient.part("image_url", place);
        maxTiles.ifPresent(tiles -> part.getAsJsonObject("image_url").addProperty("max_dynamic_patch", tiles));
        pending.add(part);
    }

    /** Adds a video to the next question. */
    void addVideo(String place, @Nullable Integer frames) throws IOException {
        JsonObject part = ServerClient.part("video_url", place);
        if (frames != null) {
            part.getAsJsonObject("video_url").addProperty("num_frames", frames);
        }
        pending.add(part);
    }

    /** Sends a question, prints the answer, and returns its boxes. */
    List<ChatResponse.Box> ask(String question) {
        JsonArray content = pending.deepCopy();
        content.add(ServerClient.words(question));
        JsonObject body = settings.deepCopy();
        JsonArray asked = messages.deepCopy();
        asked.add(message("user", content));
        body.add("messages", asked);
        PrintWriter out = terminal.out();
        long start = System.nanoTime();
        ServerClient.Answer answer = client.stream(body, piece -> {
            if (printer.streaming()) {
                out.print(piece);
                out.flush();
            }
        });
        out.println(printer.streaming() ? "" : answer.text());
        out.flush();
        printer.mark(answer.text(), false);
        messages.add(asked.get(asked.size() - 1));
        messages.add(message("assistant", new JsonPrimitive(answer.text())));
        while (!pending.isEmpty()) {
            pending.remove(0);
        }
        if (printer.verbose()) {
            double seconds = (System.nanoTime() - start) / 1e9;
            terminal.err()
                    .println(String.valueOf(answer.usage()) + ", ended by " + answer.finishReason() + ", "
                            + String.format(Locale.ROOT, "%.2f s", seconds));
        }
        return answer.boxes();
    }

    /** Handles each line as a question or a command; returns 1 if a line failed in a non-interactive run, else 0. */
    int run() throws IOException {
        if (terminal.interactive()) {
            terminal.err().println("internvl: " + client.model() + " answers, at " + client.address());
        }
        int failures = 0;
        for (String line = terminal.in().readLine();
                line != null && !line.strip().equals("/exit"); ) {
            try {
                take(NativeText.whole(line.strip()));
            } catch (IllegalArgumentException | InternVLException | IOException e) {
                terminal.err().println("internvl: " + e.getMessage());
                failures++;
            }
            line = terminal.in().readLine();
        }
        return failures > 0 && !terminal.interactive() ? 1 : 0;
    }

    private void take(String line) throws IOException {
        String[] words = line.split("\\s+", 2);
        switch (words[0]) {
            case "" -> {}
            case "/image", "/video" -> {
                if (words.length < 2) {
                    throw new IllegalArgumentException(words[0] + " requires a file: " + words[0] + " FILE");
                }
                if (words[0].equals("/image")) {
                    addPicture(words[1]);
                } else {
                    addVideo(words[1], null);
                }
            }
            case "/new" -> restart();
            default -> {
                if (line.startsWith("/")) {
                    throw new IllegalArgumentException(
                            "unknown command " + words[0] + "; use /image FILE, /video FILE, /new or /exit");
                }
                List<ChatResponse.Box> unused = ask(line);
            }
        }
    }

    /** Generation settings as fields of the protocol. */
    static JsonObject fields(GenerationConfig config) {
        JsonObject fields = new JsonObject();
        fields.addProperty("max_tokens", config.maxNewTokens());
        GenerationConfig.Sampling sampling = config.sampling();
        fields.addProperty(
                "temperature", sampling.enabled() ? sampling.temperature().orElse(1) : 0);
        if (sampling.enabled()) {
            fields.addProperty("top_p", sampling.topP().orElse(1));
            fields.addProperty("top_k", sampling.topK().orElse(50));
            fields.addProperty("min_p", sampling.minP());
        }
        sampling.seed().ifPresent(seed -> fields.addProperty("seed", seed));
        fields.addProperty("repetition_penalty", config.penalties().repetition());
        fields.addProperty("presence_penalty", config.penalties().presence());
        fields.addProperty("frequency_penalty", config.penalties().frequency());
        if (config.minNewTokens() > 0) {
            fields.addProperty("min_tokens", config.minNewTokens());
        }
        addTexts(fields, "stop", config.stopping().texts());
        addTexts(fields, "bad_words", config.penalties().badWords());
        if (!config.format().isText()) {
            fields.add("response_format", format(config.format()));
        }
        return fields;
    }

    private static void addTexts(JsonObject fields, String name, List<String> texts) {
        if (!texts.isEmpty()) {
            JsonArray array = new JsonArray();
            texts.forEach(array::add);
            fields.add(name, array);
        }
    }

    private static JsonObject format(OutputFormat format) {
        JsonObject written = new JsonObject();
        switch (format.kind()) {
            case JSON -> written.addProperty("type", "json_object");
            case JSON_SCHEMA -> {
                JsonObject named = new JsonObject();
                named.addProperty("name", "answer");
                named.add("schema", JsonParser.parseString(format.texts().get(0)));
                written.addProperty("type", "json_schema");
                written.add("json_schema", named);
            }
            case REGEX, CHOICE -> {
                List<String> alternatives = new ArrayList<>(format.texts());
                if (format.kind() == OutputFormat.Kind.CHOICE) {
                    alternatives.replaceAll(text -> SPECIAL.matcher(text).replaceAll("\\\\$0"));
                }
                written.addProperty("type", "regex_schema");
                written.addProperty("regex_schema", alternatives.stream().collect(Collectors.joining("|")));
            }
            default -> written.addProperty("type", "text");
        }
        return written;
    }
}
