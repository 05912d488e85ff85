package io.github.internvl.hub;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files that are fetched, their places, and the requests that the hub gets. */
class RepositoryTest {
    private static final String NEXT = "89abcdef0123456789abcdef0123456789abcdef";

    @TempDir
    Path cache;

    private TestHub hub;
    private Fetcher fetcher;

    @BeforeEach
    void start() throws IOException {
        hub = TestHub.of(Fetcher.MODEL);
        fetcher = new Fetcher(hub, cache);
    }

    @AfterEach
    void stop() {
        hub.close();
    }

    @Test
    void laysTheCacheOutAsPythonDoes() throws IOException {
        Path snapshot = fetcher.fetch();

        Path repo = cache.resolve("models--OpenGVLab--InternVL2_5-1B");
        assertThat(snapshot).isEqualTo(repo.resolve("snapshots").resolve(TestHub.COMMIT));
        assertThat(repo.resolve("refs/main")).hasContent(TestHub.COMMIT);
        assertThat(Files.readSymbolicLink(snapshot.resolve("config.json")))
                .isEqualTo(Path.of("../../blobs").resolve(hub.hash("config.json")));
        assertThat(Files.readSymbolicLink(snapshot.resolve("model-00001-of-00002.safetensors")))
                .isEqualTo(Path.of("../../blobs").resolve(hub.hash("model-00001-of-00002.safetensors")));
        assertThat(cache.resolve(".locks")
                        .resolve("models--OpenGVLab--InternVL2_5-1B")
                        .resolve(hub.hash("config.json") + ".lock"))
                .exists();
    }

    @Test
    void fetchesOnlyWhatAModelIsLoadedFrom() throws IOException {
        Path snapshot = fetcher.fetch();

        assertThat(names(snapshot)).containsExactlyInAnyOrderElementsOf(names(Fetcher.MODEL));
        for (String name : names(snapshot)) {
            assertThat(snapshot.resolve(name)).hasBinaryContent(hub.content(name));
        }
    }

    @Test
    void prefersTheFilesOfTheIndexToOthers() throws IOException {
        hub.files.put("adapter_model.safetensors", new byte[10]);
        hub.files.put("consolidated.safetensors", new byte[10]);
        assertThat(names(fetcher.fetch())).containsExactlyInAnyOrderElementsOf(names(Fetcher.MODEL));
    }

    @Test
    void prefersTheWholeFileToAnIndexOfAnotherSave() throws IOException {
        hub.files.put("model.safetensors", new byte[10]);
        assertThat(names(fetcher.fetch()))
                .contains("model.safetensors")
                .noneMatch(name -> name.startsWith("model-") || name.endsWith(".index.json"));
    }

    @Test
    void fetchesNoAdapterForWeights() {
        hub.files.keySet().removeIf(name -> name.startsWith("model"));
        hub.files.put("adapter_model.safetensors", new byte[10]);
        assertThatThrownBy(fetcher::fetch).hasMessageContaining("model.safetensors");
    }

    @Test
    void takesWeightsInOneFile() throws IOException {
        hub.files.keySet().removeIf(name -> name.startsWith("model"));
        hub.files.put("model.safetensors", new byte[10]);
        hub.files.put("optimizer.safetensors", new byte[10]);
        assertThat(names(fetcher.fetch())).contains("model.safetensors").doesNotContain("optimizer.safetensors");
    }

    @Test
    void asksOnceAndFetchesNothingAgain() {
        Path first = fetcher.fetch();
        hub.seen.clear();
        assertThat(fetcher.fetch()).isEqualTo(first);
        assertThat(hub.seen)
                .singleElement()
                .extracting(TestHub.Seen::path)
                .asString()
                .endsWith("/revision/main");
    }

    @Test
    void takesACommitFromTheCacheWithoutAsking() {
        Path first = fetcher.fetch();
        hub.seen.clear();
        assertThat(fetcher.repository().fetch(TestHub.COMMIT)).isEqualTo(first);
        assertThat(hub.seen).isEmpty();
    }

    @Test
    void asksForARevisionAndRemembersIt() {
        fetcher.repository().fetch("refs/pr/7");
        assertThat(hub.seen.get(0).path()).endsWith("/revision/refs/pr/7");
        assertThat(cache.resolve("models--OpenGVLab--InternVL2_5-1B/refs/refs/pr/7"))
                .hasContent(TestHub.COMMIT);
    }

    @Test
    void fetchesANewCommitBesideTheOldAndKeepsWhatIsTheSame() throws IOException {
        Path old = fetcher.fetch();
        hub.commit = NEXT;
        hub.files.put("generation_config.json", "{\"eos_token_id\": 1}".getBytes(UTF_8));
        hub.seen.clear();

        Path fresh = fetcher.fetch();

        assertThat(fresh).isNotEqualTo(old).hasFileName(NEXT);
        assertThat(hub.contents())
                .singleElement()
                .extracting(TestHub.Seen::path)
                .asString()
                .endsWith("generation_config.json");
        assertThat(names(old)).isEqualTo(names(fresh));
        assertThat(cache.resolve("models--OpenGVLab--InternVL2_5-1B/refs/main")).hasContent(NEXT);
    }

    @Test
    void copiesWhereThereAreNoLinks() throws IOException {
        fetcher = fetcher.withoutLinks();
        Path old = fetcher.fetch();
        assertThat(names(old)).allMatch(name -> !Files.isSymbolicLink(old.resolve(name)));
        hub.seen.clear();
        assertThat(fetcher.fetch()).isEqualTo(old);
        assertThat(hub.contents()).isEmpty();
        assertThat(cache.resolve("models--OpenGVLab--InternVL2_5-1B/blobs")).isEmptyDirectory();
    }

    @Test
    void keepsABlobThatWasThereWhereThereAreNoLinks() throws IOException {
        fetcher.fetch();
        hub.commit = NEXT;
        Path fresh = fetcher.withoutLinks().fetch();
        assertThat(fresh.resolve("vocab.json")).isRegularFile().hasBinaryContent(hub.content("vocab.json"));
        assertThat(cache.resolve("models--OpenGVLab--InternVL2_5-1B/blobs").resolve(hub.hash("vocab.json")))
                .exists();
    }

    @Test
    void asksForHashesThatAreNotListed() throws IOException {
        hub.tellsHashes = false;
        Path snapshot = fetcher.fetch();
        assertThat(names(snapshot)).containsExactlyInAnyOrderElementsOf(names(Fetcher.MODEL));
        assertThat(hub.seen)
                .filteredOn(request -> request.method().equals("HEAD"))
                .allMatch(r -> r.server().equals("hub"))
                .hasSize(11);
        assertThat(Files.readSymbolicLink(snapshot.resolve("model-00002-of-00002.safetensors")))
                .hasFileName(hub.hash("model-00002-of-00002.safetensors"));
    }

    @Test
    void tellsHowFarItHasCome() {
        List<Long> bytes = new ArrayList<>();
        List<Long> totals = new ArrayList<>();
        fetcher.repository((done, total) -> {
                    bytes.add(done);
                    totals.add(total);
                })
                .fetch("main");
        long all = hub.files.entrySet().stream()
                .filter(file -> Files.exists(Fetcher.MODEL.resolve(file.getKey())))
                .filter(file -> !file.getKey().endsWith("index.json"))
                .mapToLong(file -> file.getValue().length)
                .sum();
        assertThat(totals).containsOnly(all);
        assertThat(bytes).isSorted().endsWith(all);
    }

    @Test
    void staysOfflineWhenTold() {
        Path first = fetcher.fetch();
        hub.seen.clear();
        assertThat(fetcher.offline().fetch()).isEqualTo(first);
        assertThat(hub.seen).isEmpty();
    }

    @Test
    void saysWhatIsNotThereOffline() throws IOException {
        assertThatThrownBy(() -> fetcher.offline().fetch())
                .isInstanceOf(DownloadException.class)
                .hasMessageContainingAll(TestHub.ID, "revision main", "HF_HUB_OFFLINE", cache.toString());
        Files.delete(fetcher.fetch().resolve("model-00002-of-00002.safetensors"));
        assertThatThrownBy(() -> fetcher.offline().fetch()).hasMessageContaining("not (or not wholly) in the cache");
    }

    @Test
    void takesTheCacheWhenTheHubDoesNotAnswer() {
        Path first = fetcher.fetch();
        hub.close();
        assertThat(fetcher.fetch()).isEqualTo(first);
        assertThat(fetcher.pauses).isEmpty();
    }

    @Test
    void takesTheCacheWhenTheTokenHasExpired() {
        Path first = fetcher.fetch();
        hub.fault("/revision/main", 1, exchange -> TestHub.refuse(exchange, 401, Optional.empty()));
        assertThat(fetcher.fetch()).isEqualTo(first);
    }

    @Test
    void namesWhatARepositoryLacks() {
        hub.files.keySet().removeIf(name -> name.endsWith(".safetensors") || name.endsWith("index.json"));
        assertThatThrownBy(fetcher::fetch)
                .isInstanceOf(DownloadException.class)
                .hasMessageContainingAll(TestHub.ID, "model.safetensors", "*.bin");
        hub.files.remove("config.json");
        assertThatThrownBy(fetcher::fetch).hasMessageContaining("must hold config.json");
    }

    @Test
    void namesAFileThatTheIndexPromises() {
        hub.files.remove("model-00002-of-00002.safetensors");
        assertThatThrownBy(fetcher::fetch)
                .isInstanceOf(DownloadException.class)
                .hasMessageContaining("must hold model-00002-of-00002.safetensors");
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
