package io.github.internvl.internal.checkpoint;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.internvl.internal.torch.NumberFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * Writes tensors to safetensors files as transformers saves them: files of at most 5 GB, and an index where there are several.
 * Each tensor is streamed; none has to be in memory as a whole.
 */
public final class SafeTensorsWriter {
    private static final long FILE_BYTES = 5_000_000_000L;
    private static final int ALIGNMENT = 8;

    private SafeTensorsWriter() {}

    /** A tensor to write. */
    public interface Source {
        /** Its name. */
        String name();

        /** Its number format. */
        NumberFormat format();

        /** Its sizes. */
        long[] shape();

        /** Writes its bytes to the end of a file. */
        void writeTo(FileChannel file) throws IOException;

        /** Bytes that it takes. */
        default long bytes() {
            return Arrays.stream(shape()).reduce(1, (a, b) -> a * b) * format().bytes();
        }
    }

    /** Writes tensors in their order to new files of a folder. */
    public static void write(Path folder, List<? extends Source> tensors) throws IOException {
        List<List<Source>> files = split(tensors);
        if (files.size() == 1) {
            writeFile(folder.resolve("model.safetensors"), files.get(0));
            return;
        }
        JsonObject map = new JsonObject();
        for (int i = 0; i < files.size(); i++) {
            String name = String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", i + 1, files.size());
            writeFile(folder.resolve(name), files.get(i));
            files.get(i).forEach(tensor -> map.addProperty(tensor.name(), name));
        }
        JsonObject metadata = new JsonObject();
        metadata.addProperty(
                "total_size", tensors.stream().mapToLong(Source::bytes).sum());
        JsonObject index = new JsonObject();
        index.add("metadata", metadata);
        index.add("weight_map", map);
        JsonFiles.write(folder.resolve("model.safetensors.index.json"), index);
    }

    private static List<List<Source>> split(List<? extends Source> tensors) {
        List<List<Source>> files = new ArrayList<>();
        files.add(new ArrayList<>());
        long bytes = 0;
        for (Source tensor : tensors) {
            if (bytes > 0 && bytes + tensor.bytes() > FILE_BYTES) {
                files.add(new ArrayList<>());
                bytes = 0;
            }
            files.get(files.size() - 1).add(tensor);
            bytes += tensor.bytes();
        }
        return files;
    }

    /** Wide numbers come first, so that all tensors lie at multiples of their numbers' sizes. */
    private static void writeFile(Path file, List<Source> unsorted) throws IOException {
        List<Source> tensors = unsorted.stream()
                .sorted(Comparator.comparingInt(
                        (Source tensor) -> -tensor.format().bytes()))
                .toList();
        JsonObject header = new JsonObject();
        JsonObject metadata = new JsonObject();
        metadata.addProperty("format", "pt");
        header.add("__metadata__", metadata);
        long at = 0;
        for (Source tensor : tensors) {
            header.add(tensor.name(), entry(tensor, at));
            at += tensor.bytes();
        }
        byte[] text = header.toString().getBytes(StandardCharsets.UTF_8);
        int padding = (ALIGNMENT - text.length % ALIGNMENT) % ALIGNMENT;
        ByteBuffer start =
                ByteBuffer.allocate(Long.BYTES + text.length + padding).order(ByteOrder.LITTLE_ENDIAN);
        start.putLong(text.length + padding).put(text).put(" ".repeat(padding).getBytes(StandardCharsets.UTF_8));
        long end = start.position() + at;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            start.flip();
            while (start.hasRemaining()) {
                channel.write(start);
            }
            for (Source tensor : tensors) {
                tensor.writeTo(channel);
            }
        }
        if (Files.size(file) != end) {
            throw new IOException(file + ": " + Files.size(file) + " bytes were written, not " + end);
        }
    }

    private static JsonObject entry(Source tensor, long at) {
        JsonArray shape = new JsonArray();
        Arrays.stream(tensor.shape()).forEach(shape::add);
        JsonArray offsets = new JsonArray();
        offsets.add(at);
        offsets.add(at + tensor.bytes());
        JsonObject entry = new JsonObject();
        entry.addProperty("dtype", tensor.format().safetensorsName());
        entry.add("shape", shape);
        entry.add("data_offsets", offsets);
        return entry;
    }
}
