package io.github.internvl.internal.model;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.github.internvl.internal.torch.NumberFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Names and shapes of the tensors of a published checkpoint, as make_layouts.py wrote them.
 *
 * @param shapes by name
 */
record OfficialTensors(Map<String, long[]> shapes) {
    private static final Pattern NUMBERS = Pattern.compile("\\{0\\.\\.(\\d+)}");
    private static final long SHARD_BYTES =
            5_000_000_000L; // as published; one mapping may not exceed a machine's memory

    static OfficialTensors read(Path file) throws IOException {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        for (String line : Files.readAllLines(file)) {
            String[] words = line.split(" ");
            long[] shape =
                    Arrays.stream(words).skip(1).mapToLong(Long::parseLong).toArray();
            names(words[0]).forEach(name -> shapes.put(name, shape));
        }
        return new OfficialTensors(shapes);
    }

    /** The names that a line stands for: one for each layer, and in a mixture of experts for each expert of it. */
    private static Stream<String> names(String line) {
        Matcher numbers = NUMBERS.matcher(line);
        return numbers.find()
                ? IntStream.rangeClosed(0, Integer.parseInt(numbers.group(1)))
                        .mapToObj(String::valueOf)
                        .map(number -> NUMBERS.matcher(line).replaceFirst(number))
                        .flatMap(OfficialTensors::names)
                : Stream.of(line);
    }

    /** Numbers in tensors whose name starts so. */
    long numbers(String start) {
        return shapes.entrySet().stream()
                .filter(tensor -> tensor.getKey().startsWith(start))
                .mapToLong(tensor -> numbers(tensor.getValue()))
                .sum();
    }

    /** Bytes of all. */
    long bytes() {
        return shapes.entrySet().stream()
                .mapToLong(tensor ->
                        numbers(tensor.getValue()) * format(tensor.getKey()).bytes())
                .sum();
    }

    private static NumberFormat format(String name) {
        boolean packed = name.endsWith(".qweight") || name.endsWith(".qzeros");
        return packed ? NumberFormat.INT32 : NumberFormat.BFLOAT16;
    }

    private static long numbers(long... shape) {
        return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    }

    /** Writes a checkpoint of them: whole headers, and holes where weights would lie. */
    void writeHoles(Path folder, JsonObject config) throws IOException {
        Files.writeString(folder.resolve("config.json"), config.toString());
        JsonObject map = new JsonObject();
        JsonObject header = new JsonObject();
        long bytes = 0;
        int shard = 0;
        for (Map.Entry<String, long[]> tensor : shapes.entrySet()) {
            NumberFormat format = format(tensor.getKey());
            long size = format.bytes() * numbers(tensor.getValue());
            if (bytes > 0 && bytes + size > SHARD_BYTES) {
                write(folder.resolve("model-" + shard + ".safetensors"), header, bytes);
                header = new JsonObject();
                bytes = 0;
                shard++;
            }
            header.add(tensor.getKey(), entry(format, tensor.getValue(), bytes, bytes + size));
            bytes += size;
            map.addProperty(tensor.getKey(), "model-" + shard + ".safetensors");
        }
        write(folder.resolve("model-" + shard + ".safetensors"), header, bytes);
        JsonObject index = new JsonObject();
        index.add("weight_map", map);
        Files.writeString(folder.resolve("model.safetensors.index.json"), index.toString());
    }

    private static JsonObject entry(NumberFormat format, long[] shape, long begin, long end) {
        JsonObject entry = new JsonObject();
        entry.add("dtype", new JsonPrimitive(format.safetensorsName()));
        entry.add("shape", new Gson().toJsonTree(shape));
        entry.add("data_offsets", new Gson().toJsonTree(new long[] {begin, end}));
        return entry;
    }

    private static void write(Path file, JsonObject header, long bytes) throws IOException {
        String json = header.toString();
        byte[] text = (json + " ".repeat(7 - (json.length() + 7) % 8)).getBytes(StandardCharsets.UTF_8);
        ByteBuffer start = ByteBuffer.allocate(8 + text.length).order(ByteOrder.LITTLE_ENDIAN);
        start.putLong(text.length).put(text).flip();
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            channel.write(start);
            channel.write(ByteBuffer.allocate(1), start.limit() + bytes - 1);
        }
    }
}
