package io.github.internvl.internal.checkpoint;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.github.internvl.CheckpointException;
import io.github.internvl.internal.torch.NumberFormat;
import java.io.EOFException;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The table of contents of a safetensors file: names, formats, shapes and places, checked against each other and the file's
 * length as the format demands: tensors follow one another without holes or overlaps. No tensor is read.
 */
final class SafeTensors {
    private static final long LONGEST_HEADER = 100L << 20;
    private static final long GIT_LFS = 0x206e6f6973726576L; // "version ", as a pointer file begins

    private final Path file;
    private final long fileBytes;
    private final long dataStart;

    private SafeTensors(Path file, long fileBytes, long dataStart) {
        this.file = file;
        this.fileBytes = fileBytes;
        this.dataStart = dataStart;
    }

    /** Reads the header of a file; throws {@link CheckpointException} where header and file do not fit together. */
    static List<StoredTensor> read(Path file) {
        JsonFiles.requireRegular(file);
        try (FileChannel channel = FileChannel.open(file)) {
            long size = channel.size();
            long header = read(channel, 0, 8).order(ByteOrder.LITTLE_ENDIAN).getLong();
            if (header == GIT_LFS) {
                throw new CheckpointException(file + ": is a Git LFS pointer, not the file; run git lfs pull");
            }
            if (header < 2 || header > LONGEST_HEADER || header > size - 8) {
                throw new CheckpointException(file + ": not a safetensors file or cut short: header of " + header
                        + " bytes in a file of " + size + "; fetch the file again");
            }
            String json = StandardCharsets.UTF_8
                    .decode(read(channel, 8, (int) header))
                    .toString();
            return new SafeTensors(file, size, 8 + header).tensors(json);
        } catch (EOFException e) {
            throw new CheckpointException(file + ": cut short before its header ends; fetch the file again", e);
        } catch (IOException e) {
            throw new CheckpointException(file + ": cannot be read: " + e, e);
        }
    }

    private static ByteBuffer read(FileChannel channel, long at, int bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(bytes);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, at + buffer.position()) < 0) {
                throw new EOFException();
            }
        }
        return buffer.flip();
    }

    private List<StoredTensor> tensors(String json) {
        JsonObject header;
        try {
            header = JsonParser.parseString(json).getAsJsonObject();
        } catch (JsonParseException | IllegalStateException | NumberFormatException e) {
            throw new CheckpointException(file + ": the safetensors header is not the JSON it must be", e);
        }
        List<StoredTensor> tensors = new ArrayList<>();
        for (String name : header.keySet()) {
            if (!name.equals("__metadata__")) {
                tensors.add(tensor(name, header.get(name)));
            }
        }
        requireSeamless(tensors);
        return tensors;
    }

    private void requireSeamless(List<StoredTensor> tensors) {
        long at = dataStart;
        for (StoredTensor tensor : tensors.stream()
                .sorted(Comparator.comparingLong(StoredTensor::offset).thenComparingLong(StoredTensor::bytes))
                .toList()) {
            if (tensor.offset() != at) {
                throw new CheckpointException(file + ": tensor " + tensor.name() + " begins at "
                        + (tensor.offset() - dataStart) + ", but the one before it ends at " + (at - dataStart)
                        + "; tensors must follow one another, so fetch the file again");
            }
            at += tensor.bytes();
        }
        if (at != fileBytes) {
            throw new CheckpointException(file + ": the tensors take " + (at - dataStart) + " of "
                    + (fileBytes - dataStart) + " bytes; they must fill the file, so fetch it again");
        }
    }

    private StoredTensor tensor(String name, JsonElement entry) {
        if (!(entry instanceof JsonObject place)
                || !(place.get("dtype") instanceof JsonPrimitive dtype)
                || !dtype.isString()) {
            throw damaged(name, "dtype", entry);
        }
        String found = dtype.getAsString();
        NumberFormat format = format(found);
        if (format == null) {
            throw new CheckpointException(file + ": tensor " + name + " has number format " + found + " (supported: "
                    + Arrays.stream(NumberFormat.values())
                            .map(NumberFormat::safetensorsName)
                            .toList()
                    + "); of weights in 8 bits, load the checkpoint that they were made from, with INT8 or INT4");
        }
        long[] shape = longs(name, "shape", place);
        long[] offsets = longs(name, "data_offsets", place);
        if (offsets.length != 2) {
            throw damaged(name, "data_offsets", place);
        }
        long begin = offsets[0];
        long end = offsets[1];
        if (begin < 0 || end > fileBytes - dataStart || end - begin != bytes(shape, format)) {
            throw new CheckpointException(file + ": tensor " + name + " " + Arrays.toString(shape) + " " + found
                    + " does not fit its place " + begin + ".." + end + " of " + (fileBytes - dataStart)
                    + " bytes; fetch the file again");
        }
        return new StoredTensor(name, format, shape, file, fileBytes, dataStart + begin);
    }

    /** Bytes of a shape; -1 for a negative size, or for more than a long holds. */
    private static long bytes(long[] shape, NumberFormat format) {
        long bytes = format.bytes();
        for (long size : shape) {
            if (size < 0 || (size > 0 && bytes > Long.MAX_VALUE / size)) {
                return -1;
            }
            bytes *= size;
        }
        return bytes;
    }

    private long[] longs(String name, String key, JsonObject place) {
        if (!(place.get(key) instanceof JsonArray array)) {
            throw damaged(name, key, place);
        }
        long[] numbers = new long[array.size()];
        for (int i = 0; i < numbers.length; i++) {
            if (!(array.get(i) instanceof JsonPrimitive number) || !number.isNumber()) {
                throw damaged(name, key, place);
            }
            try {
                numbers[i] = new BigDecimal(number.getAsString()).longValueExact();
            } catch (ArithmeticException | NumberFormatException e) {
                throw damaged(name, key, place);
            }
        }
        return numbers;
    }

    private CheckpointException damaged(String name, String key, JsonElement entry) {
        String text = entry.toString();
        return new CheckpointException(file + ": the safetensors header is not the JSON it must be: " + key
                + " of tensor " + name + " in " + (text.length() > 200 ? text.substring(0, 200) + "…" : text)
                + "; fetch the file again");
    }

    private static @Nullable NumberFormat format(String name) {
        for (NumberFormat format : NumberFormat.values()) {
            if (format.safetensorsName().equals(name)) {
                return format;
            }
        }
        return null;
    }
}
