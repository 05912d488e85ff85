package io.github.internvl.cli;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.internvl.fixtures.TinyCheckpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The project's tiny checkpoint with what the reference answers on it. */
final class TinyModel {
    static final Path FOLDER = TinyCheckpoint.qwen();

    /** Options under which the command computes what the reference computed. */
    static final List<String> AS_REFERENCE = List.of(
            "--model", FOLDER.toString(), "--device", "cpu", "--precision", "float32", "--max-new-tokens", "16");

    private static final JsonObject GOLDEN = golden();

    private TinyModel() {}

    /** The arguments of {@code internvl chat} as the reference computed, with more of them. */
    static String[] chat(String... more) {
        return args(AS_REFERENCE, more);
    }

    static String[] args(List<String> first, String... more) {
        return Stream.of(List.of("chat"), first, List.of(more))
                .flatMap(List::stream)
                .toArray(String[]::new);
    }

    static String picture(String name) {
        return TinyCheckpoint.picture(name).toString();
    }

    /** Most tiles of a picture in this case. */
    static String maxTiles(String name) {
        int cap = GOLDEN.get("max_num_cap").getAsInt();
        return String.valueOf(Math.min(cap, theCase(name).get("max_num").getAsInt()));
    }

    static String systemMessage(String name) {
        return theCase(name).get("system_message").getAsString();
    }

    static String question(String name, int round) {
        return round(name, round).get("question").getAsString();
    }

    static String answer(String name, int round) {
        return round(name, round).get("response").getAsString();
    }

    private static JsonObject round(String name, int round) {
        return theCase(name).getAsJsonArray("rounds").get(round).getAsJsonObject();
    }

    private static JsonObject theCase(String name) {
        return GOLDEN.getAsJsonArray("cases").asList().stream()
                .map(element -> element.getAsJsonObject())
                .filter(found -> found.get("name").getAsString().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static JsonObject golden() {
        try {
            return JsonParser.parseString(Files.readString(FOLDER.resolveSibling("golden.json")))
                    .getAsJsonObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
