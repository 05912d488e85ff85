package io.github.internvl.internal.checkpoint;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.internvl.CheckpointException;
import io.github.internvl.internal.torch.NumberFormat;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
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

    /** A text that must be one of those supported. */
    String one(String key, String absent, String... supported) {
        String found = text(key, absent);
        if (!List.of(supported).contains(found)) {
            throw wrong(key, found, String.join(", ", supported));
        }
        return found;
    }

    /** A number, or a list of them; none if the key is absent. */
    Set<Integer> numbers(String key) {
        JsonElement value = values.get(key);
        if (value == null || value.isJsonNull()) {
            return Set.of();
        }
        return value.isJsonArray()
                ? read(key, null, JsonElement::getAsJsonArray).asList().stream()
                        .map(JsonElement::getAsInt)
                        .collect(Collectors.toUnmodifiableSet())
                : Set.of(read(key, null, JsonElement::getAsInt));
    }

    /** The side of a square, given as a number or as a pair of equal ones. */
    int side(String key) {
        Set<Integer> sides = numbers(key);
        if (sides.size() != 1) {
            throw wrong(key, values.get(key), "one number, or two equal ones");
        }
        return positive(key, sides.iterator().next());
    }

    /** {@code dynamic} rotary scaling's factor; 0 for none. */
    double ropeFactor() {
        if (!has("rope_scaling")) {
            return 0;
        }
        ConfigReader scaling = section("rope_scaling");
        scaling.one(scaling.has("rope_type") ? "rope_type" : "type", "", "dynamic");
        return scaling.real("factor", 1);
    }

    /** Patches that one visual token joins along a side: 1 / {@code downsample_ratio}. */
    int unshuffle(int tileSize, int patch) {
        double ratio = real("downsample_ratio", 0.5);
        int unshuffle = (int) Math.round(1 / ratio);
        if (Math.abs(ratio * unshuffle - 1) > 1e-6 || tileSize % patch != 0 || tileSize / patch % unshuffle != 0) {
            throw wrong(
                    "downsample_ratio",
                    ratio + " for tiles of " + tileSize + " and patches of " + patch,
                    "a whole number of patches that the ratio divides");
        }
        return unshuffle;
    }

    /** Layers of the ViT that run, from an index of [embeddings, layer 1, ..., layer n]. */
    int layers(String key, int stored) {
        int select = signed(key, -1);
        int layers = select < 0 ? stored + 1 + select : select;
        if (layers < 0 || layers > stored) {
            throw wrong(key, select, "an index of embeddings and " + stored + " layers");
        }
        return layers;
    }

    NumberFormat format(String key, String absent) {
        return switch (one(key, absent, "bfloat16", "float16", "float32")) {
            case "float16" -> NumberFormat.FLOAT16;
            case "float32" -> NumberFormat.FLOAT32;
            default -> NumberFormat.BFLOAT16;
        };
    }

    /** What it says of generation; {@code begin} are the ids that generated tokens begin with, one or none. */
    ModelConfig.GenerationDefaults generation(Set<Integer> begin) {
        OptionalInt first = begin.stream().mapToInt(Integer::intValue).findFirst();
        double temperature = real("temperature", 1);
        double topP = real("top_p", 1);
        return new ModelConfig.GenerationDefaults(
                first,
                temperature > 0 ? temperature : 1, // 0 stands for greedy decoding
                Math.max(signed("top_k", 50), 0),
                topP >= 0 && topP <= 1 ? topP : 1);
    }

    /** File and key, as messages name them. */
    String place(String key) {
        return file + ": " + section + key;
    }

    CheckpointException wrong(String key, Object found, String supported) {
        return new CheckpointException(place(key) + ": unknown value '" + found + "' (supported: " + supported + ")");
    }

    CheckpointException refused(String key, Object found, String remedy) {
        return new CheckpointException(place(key) + ": '" + found + "' is not supported; " + remedy);
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
                throw new CheckpointException(
                        place(key) + ": missing; this is not the file of an InternVL 2.5 " + "checkpoint");
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
