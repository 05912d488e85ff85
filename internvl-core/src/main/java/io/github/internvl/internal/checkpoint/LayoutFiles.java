package io.github.internvl.internal.checkpoint;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.internvl.CheckpointException;
import io.github.internvl.internal.checkpoint.ModelConfig.Layout;
import io.github.internvl.tokenizer.Tokenizer;
import io.github.internvl.tokenizer.TokenizerException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;

/**
 * The files of a checkpoint beside its weights, in another layout: config.json, the processor's, the tokenizer's, the generation
 * settings. Anything that the other layout cannot say is refused before a file is written.
 */
public final class LayoutFiles {
    private static final String CONFIG = "config.json";
    private static final String ENDS = "eos_token_id";
    private static final String INTERNLM2_TOKEN = "<|action_start|>"; // no Llama of Meta's has it

    /** The chat template of all published {@code *-hf} checkpoints. */
    private static final String CHAT_TEMPLATE = """
            {% for message in messages %}{{'<|im_start|>' + message['role'] + '
            '}}{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for content in message['content'] %}\
            {% if content['type'] == 'image' %}{{ '<IMG_CONTEXT>
            ' }}{% elif content['type'] == 'video' %}{{ '<video>
            ' }}{% elif content['type'] == 'text' %}{{ content['text'] }}{% endif %}{% endfor %}{% endif %}{{'<|im_end|>
            '}}{% endfor %}{% if add_generation_prompt %}{{'<|im_start|>assistant
            ' }}{% endif %}""";

    private static final String PIXELS = """
            {"do_convert_rgb": true, "do_normalize": true, "do_rescale": true, "do_resize": true,
             "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225], "resample": 3,
             "rescale_factor": 0.00392156862745098, "processor_class": "InternVLProcessor"}""";

    private final Path folder;
    private final JsonObject root;
    private final ModelConfig config;

    private LayoutFiles(Path folder, JsonObject root, ModelConfig config) {
        this.folder = folder;
        this.root = root;
        this.config = config;
    }

    /**
     * Writes all files but config.json and the weights.
     *
     * @param target the official layout or transformers' own
     */
    public static LayoutFiles write(Checkpoint source, Path to, Layout target) throws IOException {
        Path file = source.folder().resolve(CONFIG);
        JsonObject root = JsonFiles.read(file);
        ModelConfig config = source.config();
        if (config.layout() == Layout.CONVERTED) {
            root = LayoutKeys.movedBack(ConvertedConfig.completed(root), config);
        }
        try (Tokenizer tokenizer = Tokenizer.load(source.folder())) {
            return target == Layout.NATIVE
                    ? nativeFiles(source.folder(), root, config, tokenizer, to)
                    : officialFiles(source.folder(), root, config, tokenizer, to);
        } catch (TokenizerException e) {
            throw new CheckpointException(String.valueOf(e.getMessage()), e);
        }
    }

    private static LayoutFiles nativeFiles(Path from, JsonObject root, ModelConfig config, Tokenizer tokenizer, Path to)
            throws IOException {
        ConfigReader official = new ConfigReader(from.resolve(CONFIG), "", root);
        refuse(official, "template", config.template(), "internvl2_5", "its chat template writes turns as internvl2_5");
        refuse(
                official,
                "ps_version",
                config.unshuffleByColumns() ? "v1" : "v2",
                "v2",
                "its visual tokens lie by rows");
        refuse(official, "use_thumbnail", config.thumbnail(), true, "its processor always makes one");
        int side = official.section("vision_config").side("image_size");
        refuse(official, "force_image_size", config.tileSize(), side, "its tiles have the side of the ViT's positions");
        Files.createDirectories(to);
        int[] ids = ids(tokenizer, config, "<IMG_CONTEXT>");
        new TokenizerFiles(from, to).writeNative(tokenizer);
        JsonObject size = new JsonObject();
        size.addProperty("height", config.tileSize());
        size.addProperty("width", config.tileSize());
        JsonObject image = LayoutKeys.object(PIXELS);
        image.addProperty("image_processor_type", "GotOcr2ImageProcessorFast");
        image.addProperty("crop_to_patches", false); // as published; the processor tiles all the same
        image.addProperty("min_patches", config.minTiles());
        image.addProperty("max_patches", config.maxTiles());
        image.add("size", size);
        JsonFiles.write(to.resolve("preprocessor_config.json"), image);
        JsonObject video = LayoutKeys.object(PIXELS);
        video.addProperty("video_processor_type", "InternVLVideoProcessor");
        video.add("size", size);
        JsonFiles.write(to.resolve("video_preprocessor_config.json"), video);
        JsonObject processor = new JsonObject();
        processor.addProperty("image_seq_length", config.tokensPerTile());
        processor.addProperty("processor_class", "InternVLProcessor");
        JsonFiles.write(to.resolve("processor_config.json"), processor);
        Files.writeString(to.resolve("chat_template.jinja"), CHAT_TEMPLATE, StandardCharsets.UTF_8);
        JsonObject generation = generation(ends(root, config, ids[1]));
        ModelConfig.GenerationDefaults own = config.generation();
        if (own.temperature() != 1 || own.topK() != 50 || own.topP() != 1) {
            generation.addProperty("temperature", own.temperature());
            generation.addProperty("top_k", own.topK());
            generation.addProperty("top_p", own.topP());
        }
        JsonFiles.write(to.resolve("generation_config.json"), generation);
        JsonObject written = LayoutKeys.toNative(root, config, ids[0]);
        return new LayoutFiles(to, written, NativeConfig.parse(to.resolve(CONFIG), written));
    }

    private static LayoutFiles officialFiles(
            Path from, JsonObject root, ModelConfig config, Tokenizer tokenizer, Path to) throws IOException {
        Files.createDirectories(to);
        boolean internlm2 = config.language().family() == ModelConfig.Family.INTERNLM2
                || (config.language().family() == ModelConfig.Family.LLAMA
                        && tokenizer.id(INTERNLM2_TOKEN).isPresent());
        new TokenizerFiles(from, to).writeOfficial(config.language().vocabulary(), internlm2);
        JsonObject image = LayoutKeys.object(PIXELS);
        Set.of("processor_class", "do_convert_rgb", "do_rescale", "rescale_factor")
                .forEach(image::remove);
        image.addProperty("do_center_crop", true);
        image.addProperty("feature_extractor_type", "CLIPFeatureExtractor");
        image.addProperty("crop_size", config.tileSize());
        image.addProperty("size", config.tileSize());
        JsonFiles.write(to.resolve("preprocessor_config.json"), image);
        int stop = ids(tokenizer, config, "<IMG_CONTEXT>")[1];
        Set<Integer> ends = ends(root, config, stop);
        JsonObject written = config.layout() == Layout.NATIVE ? LayoutKeys.toOfficial(root, config, internlm2) : root;
        if (!ends.equals(Set.of(stop))) {
            written.getAsJsonObject("llm_config")
                    .add(ENDS, array(ends)); // for the way back; the official code reads none
        }
        JsonFiles.write(to.resolve("generation_config.json"), generation(ends));
        return new LayoutFiles(to, written, OfficialConfig.parse(to.resolve(CONFIG), written));
    }

    /** The ids of the token that visual tokens replace, and of the one that ends an answer. */
    private static int[] ids(Tokenizer tokenizer, ModelConfig config, String context) {
        String stop = ChatTemplate.named(config.template()).stopText();
        return new int[] {id(tokenizer, context), id(tokenizer, stop)};
    }

    private static int id(Tokenizer tokenizer, String token) {
        return tokenizer
                .id(token)
                .orElseThrow(() -> new CheckpointException("the tokenizer has no token " + token
                        + "; take the tokenizer's files from the same checkpoint"));
    }

    /**
     * The ids that end an answer in transformers' own layout. The official layout ends it at the template's stop alone, whatever
     * its generation_config.json lists, unless the section of the language model lists the ids that another layout had.
     */
    private static Set<Integer> ends(JsonObject root, ModelConfig config, int stop) {
        Set<Integer> ends = new TreeSet<>(config.endIds());
        if (ends.isEmpty()
                && root.get("llm_config") instanceof JsonObject llm
                && llm.get(ENDS) instanceof JsonArray ids) {
            ids.forEach(id -> ends.add(id.getAsInt()));
        }
        return ends.isEmpty() ? Set.of(stop) : ends;
    }

    private static JsonObject generation(Set<Integer> ends) {
        JsonObject generation = new JsonObject();
        generation.add(ENDS, array(ends));
        return generation;
    }

    private static JsonArray array(Set<Integer> ids) {
        JsonArray array = new JsonArray();
        ids.forEach(array::add);
        return array;
    }

    private static void refuse(ConfigReader official, String key, Object found, Object needed, String reason) {
        if (!found.equals(needed)) {
            throw new CheckpointException(official.place(key) + ": transformers' own layout has " + needed
                    + " alone, as " + reason + ": " + found + "; keep this checkpoint in the official layout");
        }
    }

    /** The settings as the new files say them. */
    public ModelConfig config() {
        return config;
    }

    /** Writes config.json, which makes the folder a checkpoint. */
    public void finish() throws IOException {
        JsonFiles.write(folder.resolve(CONFIG), root);
    }
}
