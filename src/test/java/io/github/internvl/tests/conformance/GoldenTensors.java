package io.github.internvl.tests.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The tensors of a golden.safetensors. A big one, {@code X}, is there as {@code X@sample} (numbers at even distances),
 * {@code X@shape} and {@code X@stats} (mean, root of the mean square, least, greatest).
 */
final class GoldenTensors {
    private record Entry(String type, long[] shape, int begin, int end) {}

    private final String title;
    private final ByteBuffer data;
    private final Map<String, Entry> entries = new TreeMap<>();

    private GoldenTensors(String title, ByteBuffer data) {
        this.title = title;
        this.data = data;
    }

    /** Reads a file; {@code title} is what messages call it. */
    static GoldenTensors read(String title, Path file) {
        ByteBuffer all;
        try {
            all = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        int header = Math.toIntExact(all.getLong(0));
        String json = StandardCharsets.UTF_8.decode(all.slice(8, header)).toString();
        ByteBuffer data = all.slice(8 + header, all.limit() - 8 - header).order(ByteOrder.LITTLE_ENDIAN);
        GoldenTensors tensors = new GoldenTensors(title, data);
        JsonObject table = JsonParser.parseString(json).getAsJsonObject();
        for (String name : table.keySet()) {
            if (!name.equals("__metadata__")) {
                tensors.entries.put(name, entry(table.getAsJsonObject(name)));
            }
        }
        return tensors;
    }

    private static Entry entry(JsonObject json) {
        JsonArray place = json.getAsJsonArray("data_offsets");
        long[] shape = json.getAsJsonArray("shape").asList().stream()
                .mapToLong(JsonElement::getAsLong)
                .toArray();
        return new Entry(
                json.get("dtype").getAsString(),
                shape,
                place.get(0).getAsInt(),
                place.get(1).getAsInt());
    }

    /** The names of all tensors that begin so, a big one's once. */
    List<String> names(String prefix) {
        return entries.keySet().stream()
                .filter(name -> name.startsWith(prefix))
                .map(name -> name.replaceFirst("@(sample|shape|stats)$", ""))
                .distinct()
                .toList();
    }

    boolean has(String name) {
        return isWhole(name) || entries.containsKey(name + "@sample");
    }

    /** Whether all numbers of it are there. */
    boolean isWhole(String name) {
        return entries.containsKey(name);
    }

    long[] shape(String name) {
        return isWhole(name) ? entry(name).shape() : numbers(name + "@shape", ByteBuffer::getInt);
    }

    /** All numbers of a tensor that is there whole. */
    float[] floats(String name) {
        Entry entry = entry(name);
        ByteBuffer bytes =
                data.slice(entry.begin(), entry.end() - entry.begin()).order(ByteOrder.LITTLE_ENDIAN);
        if (entry.type().equals("F16")) {
            float[] floats = new float[bytes.limit() / Short.BYTES];
            for (int i = 0; i < floats.length; i++) {
                floats[i] = widened(bytes.getShort(i * Short.BYTES));
            }
            return floats;
        }
        if (!entry.type().equals("F32")) {
            throw new IllegalStateException(title + ": " + name + " must be F32 or F16: " + entry.type());
        }
        float[] floats = new float[bytes.limit() / Float.BYTES];
        bytes.asFloatBuffer().get(floats);
        return floats;
    }

    /** A float16 number, finite or infinite. */
    private static float widened(short half) {
        int exponent = (half >> 10) & 0x1f;
        int fraction = half & 0x3ff;
        float size = exponent == 0
                ? Math.scalb((float) fraction, -24)
                : exponent == 0x1f ? Float.POSITIVE_INFINITY : Math.scalb((float) (fraction | 0x400), exponent - 25);
        return half < 0 ? -size : size;
    }

    int[] ints(String name) {
        return Arrays.stream(numbers(name, ByteBuffer::getInt))
                .mapToInt(Math::toIntExact)
                .toArray();
    }

    private interface Reader {
        int read(ByteBuffer buffer, int at);
    }

    private long[] numbers(String name, Reader reader) {
        Entry entry = entry(name);
        if (!entry.type().equals("I32")) {
            throw new IllegalStateException(title + ": " + name + " must be I32: " + entry.type());
        }
        long[] numbers = new long[(entry.end() - entry.begin()) / Integer.BYTES];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = reader.read(data, entry.begin() + i * Integer.BYTES);
        }
        return numbers;
    }

    private Entry entry(String name) {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw new IllegalStateException(title + ": no tensor " + name);
        }
        return entry;
    }

    /**
     * Compares a tensor with what was found; the largest difference. Throws where it is above the tolerance, with the
     * place of the worst number.
     */
    double compare(String name, Numbers found, double tolerance) {
        long[] shape = shape(name);
        if (!Arrays.equals(shape, found.shape())) {
            throw new AssertionError(title + " " + name + ": expected shape " + Arrays.toString(shape) + ", found "
                    + Arrays.toString(found.shape()));
        }
        if (isWhole(name)) {
            return compare(name, shape, floats(name), found.values(), tolerance);
        }
        float[] sample = floats(name + "@sample");
        long size = found.values().length;
        float[] same = new float[sample.length];
        for (int i = 0; i < sample.length; i++) {
            same[i] = found.values()[(int) (i * size / sample.length)];
        }
        double difference = compare(name + "@sample", new long[] {sample.length}, sample, same, tolerance);
        float[] statistics = found.statistics();
        compare(name + "@stats", new long[] {4}, floats(name + "@stats"), statistics, tolerance);
        return difference;
    }

    private double compare(String name, long[] shape, float[] expected, float[] found, double tolerance) {
        double largest = 0;
        int at = 0;
        for (int i = 0; i < expected.length; i++) {
            double difference = expected[i] == found[i] ? 0 : Math.abs((double) expected[i] - found[i]); // infinities
            if (!(difference <= largest)) { // a NaN is a difference
                largest = difference;
                at = i;
                if (Double.isNaN(difference)) {
                    break;
                }
            }
        }
        if (!(largest <= tolerance)) {
            throw new AssertionError(title + " " + name + place(shape, at) + ": expected " + expected[at] + ", found "
                    + found[at] + " (difference " + largest + ", allowed " + tolerance + ")");
        }
        return largest;
    }

    private static String place(long[] shape, int flat) {
        long[] place = new long[shape.length];
        long rest = flat;
        for (int i = shape.length - 1; i >= 0; i--) {
            place[i] = rest % shape[i];
            rest /= shape[i];
        }
        return Arrays.toString(place);
    }
}
