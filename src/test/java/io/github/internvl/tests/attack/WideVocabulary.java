package io.github.internvl.tests.attack;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.internvl.demo.DemoModel;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPInputStream;

/** A checkpoint of the demo model's size with the tokenizer of Qwen 2.5 and random weights for its 151,674 tokens. */
final class WideVocabulary {
    private static final String CONFIG = "config.json";
    private static final String WEIGHTS = "model.safetensors";
    private static final double SPREAD = 0.02;

    private WideVocabulary() {}

    /** The model that the property {@code internvl.attack.tokenizer} asks for, made in the folder, or the demo model. */
    static Path modelOrDemo(Path folder) throws IOException {
        String tokenizer = System.getProperty("internvl.attack.tokenizer", "");
        return tokenizer.isEmpty() ? DemoModel.path() : write(Path.of(tokenizer), folder.resolve("wide-vocabulary"));
    }

    /** Writes the checkpoint; files of the tokenizer may be compressed. */
    static Path write(Path tokenizer, Path folder) throws IOException {
        Files.createDirectories(folder);
        for (String name : new String[] {
            "vocab.json", "merges.txt", "added_tokens.json", "special_tokens_map.json", "tokenizer_config.json"
        }) {
            copy(tokenizer, name, folder);
        }
        Files.copy(DemoModel.path().resolve("preprocessor_config.json"), folder.resolve("preprocessor_config.json"));
        JsonObject added = json(folder.resolve("added_tokens.json"));
        int size = added.entrySet().stream()
                        .mapToInt(token -> token.getValue().getAsInt())
                        .max()
                        .orElseThrow()
                + 1;
        JsonObject config = json(DemoModel.path().resolve(CONFIG));
        JsonObject language = config.getAsJsonObject("llm_config");
        language.addProperty("vocab_size", size);
        language.add("bos_token_id", added.get("<|endoftext|>"));
        language.add("eos_token_id", added.get("<|im_end|>"));
        Files.writeString(folder.resolve(CONFIG), config.toString());
        Files.writeString(
                folder.resolve("generation_config.json"),
                "{\"eos_token_id\": [" + added.get("<|im_end|>") + ", " + added.get("<|endoftext|>") + "]}");
        weights(folder.resolve(WEIGHTS), size);
        return folder;
    }

    private static JsonObject json(Path file) throws IOException {
        return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    }

    private static void copy(Path from, String name, Path to) throws IOException {
        Path packed = from.resolve(name + ".gz");
        try (InputStream in = Files.exists(packed)
                ? new GZIPInputStream(Files.newInputStream(packed))
                : Files.newInputStream(from.resolve(name))) {
            Files.copy(in, to.resolve(name));
        }
    }

    /** The demo model's tensors, but for those that have a row for each token. */
    private static void weights(Path file, int size) throws IOException {
        ByteBuffer old = ByteBuffer.wrap(Files.readAllBytes(DemoModel.path().resolve(WEIGHTS)))
                .order(ByteOrder.LITTLE_ENDIAN);
        int length = (int) old.getLong();
        byte[] text = new byte[length];
        old.get(text);
        JsonObject header =
                JsonParser.parseString(new String(text, StandardCharsets.UTF_8)).getAsJsonObject();
        header.remove("__metadata__");
        JsonObject made = new JsonObject();
        long offset = 0;
        for (Map.Entry<String, JsonElement> entry : header.entrySet()) {
            JsonObject tensor = entry.getValue().getAsJsonObject().deepCopy();
            long bytes = end(tensor) - start(tensor);
            if (isByToken(entry.getKey())) {
                long rows = tensor.getAsJsonArray("shape").get(0).getAsLong();
                bytes = bytes / rows * size;
                tensor.getAsJsonArray("shape").set(0, new com.google.gson.JsonPrimitive(size));
            }
            tensor.add("data_offsets", JsonParser.parseString("[" + offset + ", " + (offset + bytes) + "]"));
            offset += bytes;
            made.add(entry.getKey(), tensor);
        }
        byte[] head = made.toString().getBytes(StandardCharsets.UTF_8);
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 20)) {
            out.write(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(head.length)
                    .array());
            out.write(head);
            Random random = new Random(1);
            for (String name : made.keySet()) {
                JsonObject tensor = made.getAsJsonObject(name);
                if (isByToken(name)) {
                    random(out, (end(tensor) - start(tensor)) / 2, random);
                } else {
                    JsonObject source = header.getAsJsonObject(name);
                    out.write(old.array(), 8 + length + (int) start(source), (int) (end(source) - start(source)));
                }
            }
        }
    }

    private static boolean isByToken(String name) {
        return name.endsWith("embed_tokens.weight") || name.endsWith("lm_head.weight");
    }

    private static long start(JsonObject tensor) {
        return tensor.getAsJsonArray("data_offsets").get(0).getAsLong();
    }

    private static long end(JsonObject tensor) {
        return tensor.getAsJsonArray("data_offsets").get(1).getAsLong();
    }

    /** Writes random numbers in bfloat16. */
    private static void random(OutputStream out, long count, Random random) throws IOException {
        for (long i = 0; i < count; i++) {
            int bits = Float.floatToIntBits((float) (random.nextGaussian() * SPREAD)) >>> 16;
            out.write(bits);
            out.write(bits >>> 8);
        }
    }
}
