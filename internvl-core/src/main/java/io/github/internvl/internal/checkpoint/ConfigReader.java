package io.github.internvl.internal.checkpoint;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.internvl.CheckpointException;
import java.nio.file.Path;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Typed reading of a section of config.json: what is absent has a default or an error that says where it belongs. */
final class ConfigReader {
    private final Path file;
    private final String section;
    private final JsonObject values;

    ConfigReader(Path file, String section, JsonObject values) {
        this.file = file;
        this.section = section;
        this.values = values;
    }

    /** Whether the key is there and not null. */
    boolean has(String key) {
        JsonElement value = values.get(key);
        return value != null && !value.isJsonNull();
    }

    ConfigReader section(String key) {
        return new ConfigReader(file, section + key + ".", read(key, null, JsonElement::getAsJsonObject));
    }

    /** A whole number of 1 or more. */
    int number(String key) {
        return positive(key, read(key, null, JsonElement::getAsInt));
    }

    int number(String key, int absent) {
        return positive(key, read(key, absent, JsonElement::getAsInt));
    }

    int signed(String key, int absent) {
        return read(key, absent, JsonElement::getAsInt);
    }

    double real(String key, double absent) {
        return read(key, absent, JsonElement::getAsDouble);
    }

    boolean flag(String key, boolean absent) {
        return read(key, absent, JsonElement::getAsBoolean);
    }

    String text(String key, String absent) {
        return read(key, absent, JsonElement::getAsString);
    }

    /** File and key, as messages name them. */
    String place(String key) {
        return file + ": " + section + key;
    }

    CheckpointException wrong(String key, Object found, String supported) {
        return new CheckpointException(place(key) + ": unknown value '" + found + "' (supported: " + supported + ")");
    }

    private int positive(String key, int number) {
        if (number < 1) {
            throw wrong(key, number, "1 or more");
        }
        return number;
    }

    private <T> T read(String key, @Nullable T absent, Function<JsonElement, T> as) {
        if (!has(key)) {
            if (absent == null) {
                throw new CheckpointException(place(key) + ": missing; this is not the config.json of an InternVL 2.5 "
                        + "checkpoint in the official layout");
            }
            return absent;
        }
        try {
            return as.apply(values.get(key));
        } catch (RuntimeException e) {
            throw new CheckpointException(place(key) + ": has the wrong type: " + values.get(key), e);
        }
    }
}
