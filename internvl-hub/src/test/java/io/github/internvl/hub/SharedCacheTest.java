package io.github.internvl.hub;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One cache for several threads, several processes, and on a disk that is full. */
class SharedCacheTest {
    private static final String SHARD = "model-00001-of-00002.safetensors";
    private static final long PROMPTLY_MILLIS = 10_000;

    @TempDir
    Path cache;

    private TestHub hub;

    @BeforeEach
    void start() throws IOException {
        hub = TestHub.of(Fetcher.MODEL);
    }

    @AfterEach
    void stop() {
        hub.close();
    }

    /** Fetches in a JVM of its own: endpoint and cache are the arguments. */
    static final class OtherProcess {
        private OtherProcess() {}

        public static void main(String[] args) {
            HubSettings settings = new HubSettings(URI.create(args[0]), Path.of(args[1]), null, false, true);
            RepoId id = RepoId.parse(TestHub.ID).orElseThrow();
            System.out.print(new Repository(settings, id, (bytes, total) -> {}).fetch("main"));
        }
    }

    @Test
    void fetchesOnceForTwoProcesses() throws Exception {
        slowDown();
        List<Process> processes = List.of(other(), other());
        for (Process process : processes) {
            String printed = new String(process.getInputStream().readAllBytes(), UTF_8);
            assertThat(process.waitFor()).as(printed).isZero();
            assertWhole(Path.of(printed));
        }
        assertFetchedOnce();
    }

    @Test
    void fetchesOnceForManyThreads() throws Exception {
        slowDown();
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<Path>> paths = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                paths.add(threads.submit(() -> new Fetcher(hub, cache).fetch()));
            }
            for (Future<Path> path : paths) {
                assertWhole(path.get());
            }
        } finally {
            threads.shutdownNow();
        }
        assertFetchedOnce();
    }

    @Test
    void goesOnWhereAKilledProcessWas() throws Exception {
        hub.fault(hub.hash(SHARD), 1, exchange -> {
            exchange.sendResponseHeaders(200, hub.content(SHARD).length);
            exchange.getResponseBody().write(hub.content(SHARD), 0, 100_000);
            exchange.getResponseBody().flush();
            pause(60_000);
            return true;
        });
        Path partial = cache.resolve("models--OpenGVLab--InternVL2_5-1B/blobs")
                .resolve(hub.hash(SHARD) + ".internvl.incomplete");
        Process process = other();
        while (!Files.exists(partial) || Files.size(partial) < 100_000) {
            assertThat(process.isAlive()).isTrue();
            Thread.sleep(20);
        }
        process.destroyForcibly().waitFor();

        assertWhole(new Fetcher(hub, cache).fetch());
        assertThat(hub.seen).extracting(TestHub.Seen::range).contains("bytes=100000-");
    }

    @Test
    void yieldsToAProcessThatNoLockKeptOut() {
        Path blob = cache.resolve("models--OpenGVLab--InternVL2_5-1B/blobs").resolve(hub.hash(SHARD));
        hub.fault(hub.hash(SHARD), 1, exchange -> {
            exchange.sendResponseHeaders(200, hub.content(SHARD).length);
            exchange.getResponseBody().write(hub.content(SHARD), 0, 100_000);
            exchange.getResponseBody().flush();
            Path partial = blob.resolveSibling(blob.getFileName() + ".internvl.incomplete");
            while (!Files.exists(partial)) {
                pause(10);
            }
            Files.write(partial, hub.content(SHARD));
            Files.move(partial, blob);
            exchange.getResponseBody().write(hub.content(SHARD), 100_000, hub.content(SHARD).length - 100_000);
            return true;
        });
        assertWhole(new Fetcher(hub, cache).fetch());
        assertThat(blob).isRegularFile().hasBinaryContent(hub.content(SHARD));
    }

    @Test
    void stopsWhenInterrupted() throws InterruptedException {
        hub.fault(hub.hash(SHARD), 1, exchange -> {
            exchange.sendResponseHeaders(200, hub.content(SHARD).length);
            for (int at = 0; at < hub.content(SHARD).length; at += 1000) {
                exchange.getResponseBody().write(hub.content(SHARD), at, 1000);
                exchange.getResponseBody().flush();
                pause(100);
            }
            return true;
        });
        assertStopsWhenInterruptedAt(hub.hash(SHARD));
    }

    @Test
    void stopsWhenInterruptedWhileAServerIsSilent() throws InterruptedException {
        hub.fault("/revision/main", 1, exchange -> {
            pause(30_000);
            return true;
        });
        assertStopsWhenInterruptedAt("/revision/main");
        hub.fault(hub.hash(SHARD), 1, exchange -> {
            exchange.sendResponseHeaders(200, hub.content(SHARD).length);
            exchange.getResponseBody().flush();
            pause(30_000);
            return true;
        });
        assertStopsWhenInterruptedAt(hub.hash(SHARD));
    }

    private void assertStopsWhenInterruptedAt(String path) throws InterruptedException {
        List<Throwable> thrown = new ArrayList<>();
        List<Boolean> interrupted = new ArrayList<>();
        Thread loading = new Thread(() -> new Fetcher(hub, cache).fetch());
        loading.setUncaughtExceptionHandler((thread, failure) -> {
            thrown.add(failure);
            interrupted.add(thread.isInterrupted());
        });
        loading.start();
        while (hub.seen.stream().noneMatch(request -> request.path().endsWith(path))) {
            Thread.sleep(10);
        }
        loading.interrupt();
        loading.join(PROMPTLY_MILLIS);
        assertThat(thrown).singleElement().isInstanceOf(DownloadException.class);
        assertThat(interrupted).containsExactly(true);
    }

    @Test
    void refusesToBeginWhereThereIsNoRoom() throws Exception {
        hub.files.put(SHARD, new byte[3 << 20]);
        onSmallDisk(() -> {
            assertThatThrownBy(() -> new Fetcher(hub, cache).fetch())
                    .isInstanceOf(DownloadException.class)
                    .hasMessageContainingAll(TestHub.ID, "bytes are to be fetched", "has room for", "HF_HUB_CACHE");
            assertThat(hub.contents()).noneMatch(request -> request.server().equals("storage"));
        });
    }

    @Test
    void saysThatTheDiskHasBecomeFull() throws Exception {
        hub.files.put(SHARD, new byte[1 << 20]);
        Path filler = cache.resolve("filler");
        hub.fault(hub.hash(SHARD), 1, exchange -> {
            exchange.sendResponseHeaders(200, hub.content(SHARD).length);
            exchange.getResponseBody().write(hub.content(SHARD), 0, 1000);
            exchange.getResponseBody().flush();
            fill(filler);
            exchange.getResponseBody().write(hub.content(SHARD), 1000, hub.content(SHARD).length - 1000);
            return true;
        });
        onSmallDisk(() -> {
            assertThatThrownBy(() -> new Fetcher(hub, cache).fetch())
                    .isInstanceOf(DownloadException.class)
                    .hasMessageContainingAll(cache.toString(), "No space left", "free space");
            Path repo = cache.resolve("models--OpenGVLab--InternVL2_5-1B");
            assertThat(repo.resolve("blobs").resolve(hub.hash(SHARD))).doesNotExist();
            assertThat(repo.resolve("refs")).doesNotExist();

            Files.delete(filler);
            assertWhole(new Fetcher(hub, cache).fetch());
        });
    }

    private interface Body {
        void run() throws IOException;
    }

    /** Runs with a file system of two megabytes as the cache. */
    private void onSmallDisk(Body body) throws IOException, InterruptedException {
        assumeTrue(
                run("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", cache.toString()),
                "mounting a small file system takes root on Linux");
        try {
            body.run();
        } finally {
            assertThat(run("umount", cache.toString())).isTrue();
        }
    }

    private static boolean run(String... command) throws InterruptedException {
        try {
            return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor() == 0;
        } catch (IOException e) {
            return false; // no such command on this system
        }
    }

    private static void fill(Path file) throws IOException {
        try (var out = Files.newOutputStream(file)) {
            while (true) {
                out.write(new byte[4096]);
            }
        } catch (IOException full) {
            assertThat(full).hasMessageContaining("No space left");
        }
    }

    /** Lets every content take a moment, so that those who come at once meet. */
    private void slowDown() {
        hub.fault("", Integer.MAX_VALUE, exchange -> {
            pause(exchange.getRequestURI().getPath().startsWith("/api") ? 0 : 100);
            return false;
        });
    }

    private static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Process other() throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        OtherProcess.class.getName(),
                        hub.endpoint().toString(),
                        cache.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private void assertWhole(Path snapshot) {
        assertThat(NeededFiles.missing(snapshot)).isEmpty();
        assertThat(snapshot.resolve(SHARD)).hasBinaryContent(hub.content(SHARD));
        assertThat(snapshot.resolve("vocab.json")).hasBinaryContent(hub.content("vocab.json"));
    }

    private void assertFetchedOnce() {
        assertThat(hub.contents())
                .extracting(TestHub.Seen::path)
                .doesNotHaveDuplicates()
                .hasSize(11);
    }
}
