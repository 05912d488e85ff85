package io.github.internvl.server.http;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.InternVLException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PemFilesTest {
    @Test
    void namesUnusableFiles(@TempDir Path folder) throws IOException {
        Path none = folder.resolve("none.pem");
        Path empty = Files.writeString(folder.resolve("empty.pem"), "");
        for (Map.Entry<Path, String> wrong : Map.of(none, "cannot be read", empty, "-----BEGIN PRIVATE KEY-----")
                .entrySet()) {
            Endpoint.Certificate files = new Endpoint.Certificate(wrong.getKey(), wrong.getKey());
            assertThatThrownBy(() -> PemFiles.context(files))
                    .isInstanceOf(InternVLException.class)
                    .hasMessageContaining(wrong.getValue());
        }
    }
}
