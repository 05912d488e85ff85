package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.hub.Hub;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models by name: from the cache of a hub, and from a folder. */
class HubModelTest {
    @TempDir
    Path cache;

    @Test
    void loadsAModelByItsIdFromTheCache() throws IOException {
        TinyCheckpoint.hubCache(TinyCheckpoint.qwen(), "OpenGVLab/InternVL2_5-1B", cache);
        Hub hub = Hub.builder().cache(cache).offline(true).build();
        try (InternVL named =
                        InternVL.builder("OpenGVLab/InternVL2_5-1B").hub(hub).load();
                InternVL same = InternVL.load(TinyCheckpoint.qwen())) {
            assertThat(named.info().source()).startsWith(cache.toString());
            assertThat(named.info().name()).isEqualTo("OpenGVLab/InternVL2_5-1B");
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
