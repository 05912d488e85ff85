package io.github.internvl.internal.checkpoint;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** The published checkpoints of the family, as their config.json and their model cards describe them. */
public final class Catalogue {
    private static final String RESOURCE = "/io/github/internvl/catalogue.json";

    private Catalogue() {}

    /**
     * A checkpoint.
     *
     * @param id the repository on the hub
     * @param vision name of the ViT that it was made from
     * @param language name of the language model that it was made from
     * @param licence the licence of that language model
     * @param json its config.json in the official layout, as far as it decides names and shapes
     */
    public record Entry(String id, String vision, String language, String licence, JsonObject json) {

        /** The settings that a loader reads from {@link #json}. */
        public ModelConfig config() {
            return OfficialConfig.parse(Path.of(id, "config.json"), json);
        }
    }

    /** All entries: by generation, then by size, each size followed by its variants. */
    public static List<Entry> entries() {
        JsonObject root = read();
        List<Entry> entries = new ArrayList<>();
        for (JsonElement element : root.getAsJsonArray("models")) {
            JsonObject model = element.getAsJsonObject();
            entries.add(entry(root, model, ""));
            model.getAsJsonArray("variants").forEach(variant -> entries.add(entry(root, model, variant.getAsString())));
        }
        return entries;
    }

    /** The entry of an id, with or without the owner in front ({@code InternVL2_5-1B}). */
    public static Optional<Entry> find(String id) {
        return entries().stream().filter(known -> isNamed(known.id(), id)).findFirst();
    }

    /** Why a model of the family cannot be loaded, and which runs instead; empty for an id that is not known for that. */
    public static Optional<String> unsupported(String id) {
        return read().getAsJsonArray("unsupported").asList().stream()
                .map(JsonElement::getAsJsonObject)
                .filter(model -> isNamed(model.get("id").getAsString(), id))
                .map(model -> model.get("id").getAsString() + " is not supported, as "
                        + model.get("reason").getAsString() + "; the nearest model that runs is "
                        + model.get("instead").getAsString())
                .findFirst();
    }

    private static boolean isNamed(String known, String id) {
        return known.equals(id) || known.endsWith("/" + id);
    }

    private static Entry entry(JsonObject root, JsonObject model, String variant) {
        String vision = model.get("vision").getAsString();
        String language = model.get("language").getAsString();
        JsonObject config = new JsonObject();
        config.addProperty("model_type", "internvl_chat");
        config.addProperty("force_image_size", 448);
        config.addProperty("downsample_ratio", 0.5);
        config.addProperty("dynamic_image_size", true);
        config.addProperty("min_dynamic_patch", 1);
        config.addProperty("max_dynamic_patch", 12);
        config.addProperty("use_thumbnail", true);
        config.addProperty("select_layer", -1);
        config.addProperty(
                "template", model.has("template") ? model.get("template").getAsString() : "internvl2_5");
        config.addProperty("ps_version", "v2");
        config.addProperty("torch_dtype", "bfloat16");
        config.add("vision_config", part(root, "vision", vision));
        config.add("llm_config", part(root, "language", language));
        if (variant.endsWith("-AWQ")) {
            config.addProperty("torch_dtype", "float16");
            config.getAsJsonObject("llm_config").add("quantization_config", root.get("awq"));
        }
        return new Entry(
                model.get("id").getAsString() + variant,
                vision,
                language,
                model.get("licence").getAsString(),
                config);
    }

    /** Settings that decide no shape are not listed: a loader reads them from the checkpoint's own file. */
    private static JsonObject part(JsonObject root, String kind, String name) {
        JsonObject part = root.getAsJsonObject("shared").getAsJsonObject(kind).deepCopy();
        root.getAsJsonObject(kind).getAsJsonObject(name).asMap().forEach(part::add);
        return part;
    }

    private static JsonObject read() {
        try (InputStream in = Objects.requireNonNull(Catalogue.class.getResourceAsStream(RESOURCE), RESOURCE)) {
            return JsonParser.parseReader(new InputStreamReader(in, StandardCharsets.UTF_8))
                    .getAsJsonObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
