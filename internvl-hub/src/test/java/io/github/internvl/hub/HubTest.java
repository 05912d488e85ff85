package io.github.internvl.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models by name: ids and folders. */
class HubTest {
    @TempDir
    Path cache;

    @Test
    void fetchesByIdAndByCommit() throws IOException {
        AtomicLong heard = new AtomicLong();
        try (TestHub server = TestHub.of(Fetcher.MODEL)) {
            Hub hub = Hub.builder()
                    .endpoint(server.endpoint())
                    .cache(cache)
                    .token(null)
                    .offline(false)
                    .progress((bytes, total) -> heard.set(total - bytes + 1))
                    .build();
            Path folder = hub.fetch(TestHub.ID);
            assertThat(folder).startsWith(cache);
            assertThat(heard).hasValue(1);
            assertThat(hub.find(TestHub.ID)).isEqualTo(folder);
            assertThat(hub.fetch(TestHub.ID, TestHub.COMMIT)).isEqualTo(folder);
            assertThat(folder.resolve("config.json")).hasSameBinaryContentAs(Fetcher.MODEL.resolve("config.json"));
        }
    }

    @Test
    void takesAFolderBeforeAnId() {
        assertThat(nowhere().find("src/main")).isEqualTo(Path.of("src/main"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"InternVL2_5-1B", "models/tiny/folder", "/no/such/folder", "a\0b"})
    void namesWhatIsNeitherFolderNorId(String text) {
        assertThatThrownBy(() -> nowhere().find(text))
                .isInstanceOf(DownloadException.class)
                .hasMessageContainingAll(text, "no such folder", "owner/name");
    }

    @Test
    void refusesAnIdThatIsNone() {
        assertThatThrownBy(() -> nowhere().fetch("../secrets"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a hub id must be owner/name");
        assertThatThrownBy(() -> nowhere().fetch("a/b", "../x"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("revision must be");
    }

    private Hub nowhere() {
        return Hub.builder()
                .endpoint(URI.create("http://localhost:9"))
                .cache(cache)
                .offline(true)
                .build();
    }
}
