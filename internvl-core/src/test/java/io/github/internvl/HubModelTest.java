package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.hub.Hub;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models by name: from the cache of a hub, and from a folder. */
class HubModelTest {
    private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

    @TempDir
    Path cache;

    @Test
    void loadsAModelByItsIdFromTheCache() throws IOException {
        Path repository = cache.resolve("models--OpenGVLab--InternVL2_5-1B");
        Path snapshot = Files.createDirectories(repository.resolve("snapshots").resolve(COMMIT));
        TinyCheckpoint.copy(TinyCheckpoint.qwen(), snapshot);
        Files.createDirectories(repository.resolve("refs"));
        Files.writeString(repository.resolve("refs").resolve("main"), COMMIT);
        Hub hub = Hub.builder().cache(cache).offline(true).build();
        try (InternVL named =
                        InternVL.builder("OpenGVLab/InternVL2_5-1B").hub(hub).load();
                InternVL same = InternVL.load(TinyCheckpoint.qwen())) {
            assertThat(named.info().source()).startsWith(snapshot.toString());
            assertThat(named.chat("Hello.").text())
                    .isEqualTo(same.chat("Hello.").text());
        }
    }

    @Test
    void takesAFolderByItsName() {
        try (InternVL model = InternVL.load(TinyCheckpoint.qwen().toString())) {
            assertThat(model.info().source()).isEqualTo(TinyCheckpoint.qwen().toString());
        }
    }
}
