package io.github.internvl.internal.checkpoint;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.github.internvl.CheckpointException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The JSON files of a checkpoint folder. */
final class JsonFiles {
    private static final Gson PRETTY = new GsonBuilder()
            .setPrettyPrinting()
            .disableHtmlEscaping()
            .serializeNulls()
            .create();

    private JsonFiles() {}

    /** Reads the object that a file holds. */
    static JsonObject read(Path file) {
        try {
            return JsonParser.parseString(text(file)).getAsJsonObject();
        } catch (JsonParseException | IllegalStateException | NumberFormatException e) {
            throw new CheckpointException(file + ": not a JSON object", e);
        }
    }

    /** Writes an object as transformers does: indented, in UTF-8. */
    static void write(Path file, JsonObject content) throws IOException {
        Files.writeString(file, PRETTY.toJson(content) + "\n", StandardCharsets.UTF_8);
    }

    /** Reads a text file. */
    static String text(Path file) {
        requireRegular(file);
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new CheckpointException(file + ": cannot be read: " + e, e);
        }
    }

    /** Reads another file of the same folder; an empty object if there is none. */
    static JsonObject beside(Path file, String name) {
        Path other = file.resolveSibling(name);
        return Files.exists(other) ? read(other) : new JsonObject();
    }

    /** Refuses FIFOs, devices and folders, which would block or never end when read. Links are followed. */
    static void requireRegular(Path file) {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new CheckpointException(file + ": must be a regular file, not a folder, a FIFO or a device");
        }
    }
}
