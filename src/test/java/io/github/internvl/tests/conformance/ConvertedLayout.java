package io.github.internvl.tests.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Makes of a checkpoint in the official layout one as {@code convert_internvl2_5_to_hf.py} of transformers' pull request 35968 writes
 * it. The tensors stay; keys of config.json move, and the processor and its chat template come beside them.
 */
final class ConvertedLayout {
    /** The system message of the script's chat template. */
    static final String SYSTEM_MESSAGE = "You are a helpful assistant.";

    private static final List<String> KEPT = List.of(
            "select_layer",
            "force_image_size",
            "downsample_ratio",
            "dynamic_image_size",
            "use_thumbnail",
            "min_dynamic_patch",
            "max_dynamic_patch",
            "torch_dtype");

    /** Defaults of the script's class of the ViT, which a saved file leaves out. */
    private static final Map<String, JsonPrimitive> LEFT_OUT = Map.of(
            "hidden_act", new JsonPrimitive("gelu"),
            "layer_norm_eps", new JsonPrimitive(1e-6),
            "num_channels", new JsonPrimitive(3));

    private static final String TEMPLATE = "{% set system_message = 'You are a helpful assistant.' %}"
            + "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}"
            + "{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% endif %}"
            + "{{ '<|im_start|>system\\n' + system_message + '<|im_end|>\\n' }}{% for message in loop_messages %}"
            + "{% set content = message['content'] %}{% if message['role'] == 'user' %}"
            + "{{ '<|im_start|>user\\n<image>\\n' + content[1]['text'] + '<|im_end|>\\n<|im_start|>assistant\\n' }}"
            + "{% elif message['role'] == 'assistant' %}{{ content + '<|im_end|>\\n' }}{% endif %}{% endfor %}";

    private ConvertedLayout() {}

    /** A variant of the same weights and goldens in this layout, in a folder that is deleted at the end. */
    static GoldenVariant of(GoldenVariant official) {
        Overlay overlay = new Overlay(official, official.folder().getFileName() + "-converted");
        Path model = overlay.variant().model();
        JsonObject config = Goldens.json(model.resolve("config.json"));
        write(model, "config.json", config(config, official));
        write(model, "preprocessor_config.json", processor(config, official));
        write(model, "generation_config.json", object(Map.of("eos_token_id", new JsonPrimitive(official.endId()))));
        write(model, "chat_template.json", object(Map.of("chat_template", new JsonPrimitive(TEMPLATE))));
        return overlay.variant();
    }

    private static JsonObject config(JsonObject official, GoldenVariant variant) {
        JsonObject config = new JsonObject();
        config.addProperty("model_type", "internvl2_5");
        KEPT.forEach(key -> config.add(key, official.get(key)));
        config.add("pixel_shuffle_version", official.get("ps_version"));
        config.addProperty("num_image_token", variant.tokensPerTile());
        config.add("text_config", official.get("llm_config"));
        JsonObject vision = official.getAsJsonObject("vision_config").deepCopy();
        LEFT_OUT.forEach((key, value) -> {
            if (vision.get(key) instanceof JsonPrimitive found
                    && found.getAsString().equals(value.getAsString())) {
                vision.remove(key);
            }
        });
        vision.addProperty("model_type", "internvl2_5");
        config.add("vision_config", vision);
        return config;
    }

    private static JsonObject processor(JsonObject official, GoldenVariant variant) {
        JsonObject processor = new JsonObject();
        int side = variant.json().get("image_size").getAsInt();
        JsonObject size = object(Map.of("height", new JsonPrimitive(side), "width", new JsonPrimitive(side)));
        processor.addProperty("image_processor_type", "InternVL2_5ImageProcessor");
        processor.add("size", size);
        processor.add("dynamic_size", size);
        processor.add("min_tiles", official.get("min_dynamic_patch"));
        processor.add("max_tiles", official.get("max_dynamic_patch"));
        processor.add("use_thumbnail", official.get("use_thumbnail"));
        processor.addProperty("resample", 3);
        processor.addProperty("rescale_factor", 1 / 255.0);
        List.of("do_resize", "do_rescale", "do_normalize", "do_convert_rgb")
                .forEach(flag -> processor.addProperty(flag, true));
        processor.add("image_mean", numbers(0.485, 0.456, 0.406));
        processor.add("image_std", numbers(0.229, 0.224, 0.225));
        return processor;
    }

    private static JsonArray numbers(double... values) {
        JsonArray numbers = new JsonArray();
        for (double value : values) {
            numbers.add(value);
        }
        return numbers;
    }

    private static JsonObject object(Map<String, JsonPrimitive> members) {
        JsonObject object = new JsonObject();
        new ArrayList<>(members.entrySet()).forEach(member -> object.add(member.getKey(), member.getValue()));
        return object;
    }

    private static void write(Path folder, String name, JsonObject content) {
        Path file = folder.resolve(name);
        try {
            Files.writeString(file, content.toString());
            file.toFile().deleteOnExit();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
