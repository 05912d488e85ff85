package io.github.internvl.tokenizer;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.stream.JsonReader;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** One JSON file of a checkpoint; whatever is wrong with it is reported with its path. */
record JsonFile(Path path) {
    /** Reads one value from a stream of JSON. */
    interface Parser<T> {
        T parse(JsonReader json) throws IOException;
    }

    /** The parsed file. */
    <T> T read(Parser<T> parser) {
        return parse(text(), parser);
    }

    String text() {
        requireRegular(path);
        try {
            return Files.readString(path);
        } catch (IOException e) {
            throw TokenizerException.unreadable(path, e);
        }
    }

    /** Refuses FIFOs, devices and folders, which would block or never end when read. Links are followed. */
    static void requireRegular(Path path) {
        if (Files.exists(path) && !Files.isRegularFile(path)) {
            throw new TokenizerException(path, "must be a regular file, not a folder, a FIFO or a device");
        }
    }

    /** The value parsed from {@code text}, the file's content. */
    <T> T parse(String text, Parser<T> parser) {
        try (JsonReader json = new JsonReader(new StringReader(text))) {
            return parser.parse(json);
        } catch (TokenizerException e) {
            throw e;
        } catch (IOException
                | RuntimeException e) { // Gson reports values of the wrong kind by exceptions of many types
            throw damaged(e);
        }
    }

    TokenizerException damaged(Exception cause) {
        return new TokenizerException(
                path + ": must be valid JSON of the expected layout (" + cause.getMessage()
                        + "); download it again from the checkpoint's repository",
                cause);
    }

    /** The object the file holds, an empty one if there is no such file. */
    JsonObject objectIfPresent() {
        return Files.exists(path) ? read(json -> JsonParser.parseReader(json).getAsJsonObject()) : new JsonObject();
    }

    /** An object that maps tokens to ids. */
    static Map<String, Integer> ids(JsonReader json) throws IOException {
        Map<String, Integer> ids = new HashMap<>();
        json.beginObject();
        while (json.hasNext()) {
            ids.put(json.nextName(), json.nextInt());
        }
        json.endObject();
        return ids;
    }
}
