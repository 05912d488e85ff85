package io.github.internvl.internal.checkpoint;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.github.internvl.CheckpointException;
import io.github.internvl.internal.torch.NumberFormat;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The table of contents of a safetensors file: names, formats, shapes and places, checked against the file's length. No
 * tensor is read.
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
        List<StoredTensor> tensors = new ArrayList<>();
        try {
            JsonObject header = JsonParser.parseString(json).getAsJsonObject();
            for (String name : header.keySet()) {
                if (!name.equals("__metadata__")) {
                    tensors.add(tensor(name, header.getAsJsonObject(name)));
                }
            }
        } catch (JsonParseException | IllegalStateException | ClassCastException | NullPointerException e) {
            throw new CheckpointException(file + ": the safetensors header is not the JSON it must be", e);
        }
        return tensors;
    }

    private StoredTensor tensor(String name, JsonObject entry) {
        String found = entry.get("dtype").getAsString();
        NumberFormat format = format(found);
        if (format == null) {
            throw new CheckpointException(file + ": tensor " + name + " has number format " + found + " (supported: "
                    + Arrays.stream(NumberFormat.values())
                            .map(NumberFormat::safetensorsName)
                            .toList() + ")");
        }
        long[] shape = entry.getAsJsonArray("shape").asList().stream()
                .mapToLong(JsonElement::getAsLong)
                .toArray();
        long begin = entry.getAsJsonArray("data_offsets").get(0).getAsLong();
        long end = entry.getAsJsonArray("data_offsets").get(1).getAsLong();
        long numbers = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        if (begin < 0 || end > fileBytes - dataStart || end - begin != numbers * format.bytes()) {
            throw new CheckpointException(file + ": tensor " + name + " " + Arrays.toString(shape) + " " + found
                    + " does not fit its place " + begin + ".." + end + " of " + (fileBytes - dataStart)
                    + " bytes; fetch the file again");
        }
        return new StoredTensor(name, format, shape, file, fileBytes, dataStart + begin);
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
