package io.github.internvl.hub;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever a server says, nothing is written outside of the cache, and what is no answer is not taken for one. */
class HostileHubTest {
    private static final String REPO = "models--OpenGVLab--InternVL2_5-1B";

    @TempDir
    Path folder;

    private Path cache;
    private TestHub hub;
    private Fetcher fetcher;

    @BeforeEach
    void start() throws IOException {
        cache = Files.createDirectory(folder.resolve("cache"));
        hub = TestHub.of(Fetcher.MODEL);
        fetcher = new Fetcher(hub, cache);
    }

    @AfterEach
    void stop() throws IOException {
        hub.close();
        try (Stream<Path> beside = Files.list(folder)) {
            assertThat(beside.filter(path -> !path.endsWith("mine"))).containsExactly(cache);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../x.json",
                "../../../x",
                "a/../../x",
                "/x.json",
                "..",
                "a\\..\\..\\x",
                "\\x",
                "C:x",
                "a/C:/x",
                ""
            })
    void refusesNamesThatLeadOutOfTheRepository(String name) {
        hub.files.put(name, new byte[1]);
        assertThatThrownBy(fetcher::fetch)
                .isInstanceOf(DownloadException.class)
                .hasMessageContainingAll("must not lead out of its repository", "\"" + name + "\"");
        assertThat(cache).isEmptyDirectory();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"../../../x.safetensors", "/x.safetensors", "a/x.safetensors", "config.json", "x\\y.safetensors"
            })
    void refusesWeightsThatAreNoPlainFiles(String name) {
        hub.files.put(
                NeededFiles.INDEX,
                "{\"weight_map\": {\"a\": \"%s\"}}"
                        .formatted(name.replace("\\", "\\\\"))
                        .getBytes(UTF_8));
        assertThatThrownBy(fetcher::fetch)
                .isInstanceOf(DownloadException.class)
                .hasMessageContainingAll(NeededFiles.INDEX, "ends in .safetensors", name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{\"weight_map\": []}", "[]", "nonsense", "{\"weight_map\": {\"a\": {}}}"})
    void refusesAnIndexThatIsNone(String index) {
        hub.files.put(NeededFiles.INDEX, index.getBytes(UTF_8));
        assertThatThrownBy(fetcher::fetch)
                .isInstanceOf(DownloadException.class)
                .hasMessageContaining("has no table weight_map");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "<html>Log in to the network</html>",
                "[]",
                "null",
                "{}",
                "{\"sha\": \"0123456789abcdef0123456789abcdef01234567\"}",
                "{\"sha\": \"../../../../../../../../../../../../../x/\", \"siblings\": []}",
                "{\"sha\": null, \"siblings\": []}",
                "{\"sha\": \"0123456789abcdef0123456789abcdef01234567\", \"siblings\": {}}",
                "{\"sha\": \"0123456789abcdef0123456789abcdef01234567\", \"siblings\": [7]}",
                "{\"sha\": \"0123456789abcdef0123456789abcdef01234567\", \"siblings\": [{}]}"
            })
    void refusesAListOfFilesThatIsNone(String answer) {
        hub.fault("/revision/main", 1, exchange -> {
            TestHub.send(exchange, 200, answer.getBytes(UTF_8));
            return true;
        });
        assertThatThrownBy(fetcher::fetch)
                .isInstanceOf(DownloadException.class)
                .hasMessageContainingAll(TestHub.ID, "malformed", "HF_ENDPOINT");
        assertThat(cache).isEmptyDirectory();
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"../../../../x\"", "\"abc\"", "W/\"\"", ""})
    void refusesAHashThatIsNone(String etag) {
        hub.tellsHashes = false;
        hub.fault("/config.json", 1, exchange -> {
            if (!etag.isEmpty()) {
                exchange.getResponseHeaders().set("ETag", etag);
            }
            TestHub.send(exchange, 200, new byte[3]);
            return true;
        });
        assertThatThrownBy(fetcher::fetch)
                .isInstanceOf(DownloadException.class)
                .hasMessageContainingAll("config.json", "malformed", "hash and length");
    }

    @Test
    void writesThroughNoLinkThatLiesInTheCache() throws IOException {
        Path mine = Files.writeString(folder.resolve("mine"), "my own text");
        Path blobs = Files.createDirectories(cache.resolve(REPO).resolve("blobs"));
        Path snapshot =
                Files.createDirectories(cache.resolve(REPO).resolve("snapshots").resolve(TestHub.COMMIT));
        Files.createSymbolicLink(blobs.resolve(hub.hash("vocab.json") + ".internvl.incomplete"), mine);
        Files.createSymbolicLink(blobs.resolve(hub.hash("merges.txt")), mine);
        Files.createSymbolicLink(snapshot.resolve("config.json"), mine);

        assertThat(fetcher.fetch()).isEqualTo(snapshot);

        assertThat(mine).hasContent("my own text");
        for (String name : new String[] {"vocab.json", "merges.txt", "config.json"}) {
            assertThat(snapshot.resolve(name)).hasBinaryContent(hub.content(name));
            assertThat(blobs.resolve(hub.hash(name))).isRegularFile().isNotEqualTo(mine);
            assertThat(Files.isSymbolicLink(blobs.resolve(hub.hash(name)))).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "../main", "a/../b", "/main", "a//b", "a\\b", "a/", "x y", "-x", ".", "C:"})
    void refusesARevisionThatCannotBeOne(String revision) {
        assertThatThrownBy(() -> fetcher.repository().fetch(revision))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("revision must be a branch, a tag or a commit");
        assertThat(hub.seen).isEmpty();
    }
}
