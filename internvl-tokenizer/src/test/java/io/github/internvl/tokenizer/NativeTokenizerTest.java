package io.github.internvl.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.jni.LibUtils;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeTokenizerTest {

    @Test
    void takesTheLibraryThatWasUnpackedForAGpuOfItsOwnPlatformOnly(@TempDir Path home) throws IOException {
        unpack(home, "linux-riscv64");
        assertThat(NativeTokenizer.unpackedForGpu(home)).isNull();

        Path own = unpack(home, NativeTokenizer.classifier());
        assertThat(NativeTokenizer.unpackedForGpu(home)).isEqualTo(own);
    }

    @Test
    void namesThePlatformAsDjlDoes() {
        assertThat(getClass().getResource("/native/lib/" + NativeTokenizer.classifier() + "/cpu"))
                .isNotNull();
    }

    /** Makes a file as DJL does for a GPU of compute capability 9.0. */
    private static Path unpack(Path home, String classifier) throws IOException {
        Properties djl = new Properties();
        try (InputStream file = LibUtils.class.getResourceAsStream("/native/lib/tokenizers.properties")) {
            djl.load(Objects.requireNonNull(file));
        }
        Path folder =
                home.resolve(djl.getProperty("version") + "-cpu-" + classifier).resolve("sm_90");
        return Files.createFile(Files.createDirectories(folder).resolve(System.mapLibraryName("tokenizers")));
    }
}
