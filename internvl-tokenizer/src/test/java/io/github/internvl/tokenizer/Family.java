package io.github.internvl.tokenizer;

import com.google.gson.Gson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** The small tokenizers, each in a folder of the test resources with its goldens. */
enum Family {
    QWEN2("qwen2"),
    INTERNLM2("internlm2"),
    /** As a model file asks for a space in front of the text, and for single spaces in it. */
    INTERNLM2_PREFIX("internlm2-prefix"),
    QWEN2_FAST("qwen2-fast"),
    INTERNLM2_FAST("internlm2-fast");

    record Goldens(List<Encoded> encode, List<Decoded> decode) {}

    record Encoded(String text, int[] ids, int[] ids_with_special, String decoded, String decoded_skip_special) {}

    record Decoded(int[] ids, String decoded, String decoded_skip_special) {}

    private final String folder;

    Family(String folder) {
        this.folder = folder;
    }

    Path folder() {
        try {
            return Path.of(
                    Objects.requireNonNull(Family.class.getResource(folder)).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    Tokenizer load() {
        return Tokenizer.load(folder());
    }

    Goldens goldens() {
        try {
            return new Gson().fromJson(Files.readString(folder().resolve("goldens.json")), Goldens.class);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A copy of the files that a test may damage. */
    Path copyTo(Path target) throws IOException {
        try (Stream<Path> files = Files.list(folder())) {
            for (Path file : files.toList()) {
                Files.copy(file, target.resolve(String.valueOf(file.getFileName())));
            }
        }
        return target;
    }
}
