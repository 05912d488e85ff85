package io.github.internvl;

import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.checkpoint.StoredTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** The project's own tiny checkpoints, and copies of them to spoil. */
public final class TinyCheckpoint {
    private static final Path GOLDENS = Path.of("..", "src", "test", "resources", "goldens", "conformance");

    private TinyCheckpoint() {}

    /** A Qwen2 one with the 300M kind of ViT, in two files. */
    public static Path qwen() {
        return GOLDENS.resolve("tiny-qwen").resolve("model");
    }

    /** An InternLM2 one with the 6B kind of ViT. */
    public static Path internlm2() {
        return GOLDENS.resolve("tiny-internlm2").resolve("model");
    }

    /** One with tiles of another size than its ViT was made for; to "Why?" it answers without end. */
    public static Path resized() {
        return GOLDENS.resolve("tiny-resized").resolve("model");
    }

    /** An InternLM2 one with 4-bit weights, the 300M kind of ViT, and widths that can be quantized. */
    public static Path awq() {
        return GOLDENS.resolve("tiny-awq").resolve("model");
    }

    /** {@link #internlm2} in transformers' own layout. */
    public static Path internlm2Native() {
        return GOLDENS.resolve("tiny-internlm2-hf").resolve("model");
    }

    /** A picture. */
    public static Path picture(String name) {
        return GOLDENS.resolve("images").resolve(name);
    }

    /** Copies a checkpoint into an empty folder. */
    public static Path copy(Path checkpoint, Path folder) throws IOException {
        try (Stream<Path> files = Files.list(checkpoint)) {
            for (Path file : files.toList()) {
                Files.copy(file, folder.resolve(file.getFileName()));
            }
        }
        return folder;
    }

    /** Fills a bfloat16 tensor of a copy with one number. */
    public static void fill(Path folder, String tensor, short bits) throws IOException {
        StoredTensor stored = stored(folder, tensor);
        fill(stored, stored.offset(), stored.bytes(), bits);
    }

    /** Fills one row of a bfloat16 matrix of a copy with one number. */
    public static void fillRow(Path folder, String tensor, int row, short bits) throws IOException {
        StoredTensor stored = stored(folder, tensor);
        long bytes = stored.bytes() / stored.shape()[0];
        fill(stored, stored.offset() + row * bytes, bytes, bits);
    }

    private static StoredTensor stored(Path folder, String tensor) {
        return Objects.requireNonNull(Checkpoint.open(folder).tensors().get(tensor));
    }

    private static void fill(StoredTensor stored, long offset, long bytes, short bits) throws IOException {
        byte[] file = Files.readAllBytes(stored.file());
        ByteBuffer numbers = ByteBuffer.wrap(file, (int) offset, (int) bytes).order(ByteOrder.LITTLE_ENDIAN);
        while (numbers.hasRemaining()) {
            numbers.putShort(bits);
        }
        Files.write(stored.file(), file);
    }

    /** Changes a text file of a copy. */
    public static void edit(Path file, UnaryOperator<String> change) throws IOException {
        String before = Files.readString(file, StandardCharsets.UTF_8);
        String after = change.apply(before);
        if (after.equals(before)) {
            throw new IllegalStateException("the edit changed nothing in " + file);
        }
        Files.writeString(file, after, StandardCharsets.UTF_8);
    }
}
