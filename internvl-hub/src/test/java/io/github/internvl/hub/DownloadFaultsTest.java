package io.github.internvl.hub;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A download survives faults on the way or names them, and no partial file appears under a name that is read. */
class DownloadFaultsTest {
    private static final String SHARD = "model-00001-of-00002.safetensors";
    private static final String TOKEN = "hf_secret";

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
    void goesOnAfterACut() throws IOException {
        hub.fault(hub.hash(SHARD), 1, exchange -> cut(exchange, 70_000));
        assertWhole(fetcher.fetch());
        assertThat(hub.seen).extracting(TestHub.Seen::range).anyMatch(DownloadFaultsTest::isLaterPart);
        assertThat(fetcher.pauses).hasSize(1);
    }

    @Test
    void goesOnInTheNextRunAfterTooManyCuts() throws IOException {
        hub.fault(hub.hash(SHARD), 1, exchange -> cut(exchange, 70_000));
        hub.fault(hub.hash(SHARD), 9, exchange -> cut(exchange, 0));
        assertThatThrownBy(fetcher::fetch)
                .isInstanceOf(DownloadException.class)
                .hasMessageContainingAll(SHARD, "cut off", "3 times without progress");
        assertNothingHalf();
        hub.faults.clear();
        hub.seen.clear();

        assertWhole(fetcher.fetch());
        assertThat(hub.seen)
                .filteredOn(request -> request.path().endsWith(hub.hash(SHARD)))
                .singleElement()
                .extracting(TestHub.Seen::range)
                .matches(DownloadFaultsTest::isLaterPart);
    }

    @Test
    void toleratesAnyNumberOfCutsThatBringSomething() throws IOException {
        hub.fault(hub.hash(SHARD), 8, exchange -> cut(exchange, 10_000));
        assertWhole(fetcher.fetch());
        assertThat(fetcher.pauses).hasSize(8).containsOnly(Duration.ofSeconds(1));
    }

    @Test
    void beginsAnewWhereAServerHasNoRanges() throws IOException {
        hub.hasRanges = false;
        hub.fault(hub.hash(SHARD), 1, exchange -> cut(exchange, 70_000));
        assertWhole(fetcher.fetch());
    }

    @Test
    void refusesAnotherRangeThanItAskedFor() throws IOException {
        Files.createDirectories(partial().getParent());
        Files.write(partial(), Arrays.copyOf(hub.content(SHARD), 500));
        hub.fault(hub.hash(SHARD), 1, exchange -> {
            exchange.getResponseHeaders().set("Content-Range", "bytes 0-9/10");
            TestHub.send(exchange, 206, new byte[10]);
            return true;
        });
        assertThatThrownBy(fetcher::fetch)
                .isInstanceOf(DownloadException.class)
                .hasMessageContainingAll(SHARD, "asked for the bytes from 500 on", "bytes 0-9/10");
        assertNothingHalf();
    }

    @Test
    void beginsAnewWhenThePartFromEarlierWasBad() throws IOException {
        Files.createDirectories(partial().getParent());
        Files.write(partial(), new byte[500]);
        assertWhole(fetcher.fetch());
        assertThat(hub.seen.stream()
                        .filter(request -> request.path().endsWith(hub.hash(SHARD)))
                        .map(TestHub.Seen::range)
                        .distinct()) // a connection that breaks off is tried again
                .containsExactly("bytes=500-", "");
    }

    @Test
    void throwsAwayAPartThatIsLongerThanTheFile() throws IOException {
        Files.createDirectories(partial().getParent());
        Files.write(partial(), new byte[hub.content(SHARD).length + 1]);
        assertWhole(fetcher.fetch());
    }

    @Test
    void finishesAPartThatIsWhole() throws IOException {
        Files.createDirectories(partial().getParent());
        Files.write(partial(), hub.content(SHARD));
        assertWhole(fetcher.fetch());
        assertThat(hub.seen).noneMatch(request -> request.path().endsWith(hub.hash(SHARD)));
    }

    @ParameterizedTest
    @CsvSource({SHARD + ", SHA-256", "vocab.json, git's SHA-1"})
    void refusesAWrongHash(String name, String algorithm) {
        String right = hub.hash(name);
        byte[] wrong = hub.content(name).clone();
        wrong[wrong.length - 1] ^= 1;
        hub.fault(name.equals(SHARD) ? right : name, 9, exchange -> {
            TestHub.send(exchange, 200, wrong);
            return true;
        });
        assertThatThrownBy(fetcher::fetch)
                .isInstanceOf(DownloadException.class)
                .hasMessageContainingAll(name, algorithm + " must be " + right, "thrown away");
        assertNothingHalf();
        hub.faults.clear();
        assertWhole(fetcher.fetch());
    }

    @Test
    void refusesMoreBytesThanTheFileHas() {
        byte[] longer = Arrays.copyOf(hub.content(SHARD), hub.content(SHARD).length + 1);
        hub.fault(hub.hash(SHARD), 1, exchange -> {
            TestHub.send(exchange, 200, longer);
            return true;
        });
        assertThatThrownBy(fetcher::fetch).hasMessageContaining("the server sends more");
        assertNothingHalf();
    }

    @ParameterizedTest
    @ValueSource(ints = {408, 429, 500, 502, 503, 504})
    void triesAgainWhatMayPass(int status) {
        hub.fault("/revision/main", 1, exchange -> TestHub.refuse(exchange, status, Optional.empty()));
        hub.fault(hub.hash(SHARD), 2, exchange -> TestHub.refuse(exchange, status, Optional.empty()));
        assertWhole(fetcher.fetch());
        assertThat(fetcher.pauses).containsExactly(Duration.ofSeconds(1), Duration.ofSeconds(1), Duration.ofSeconds(2));
    }

    @Test
    void waitsAsLongAsTheServerAsks() {
        hub.fault("/revision/main", 1, exchange -> {
            exchange.getResponseHeaders().set("Retry-After", "17");
            return TestHub.refuse(exchange, 429, Optional.empty());
        });
        hub.fault("/revision/main", 1, exchange -> {
            exchange.getResponseHeaders().set("RateLimit", "\"api\";r=0;t=55");
            return TestHub.refuse(exchange, 429, Optional.empty());
        });
        assertWhole(fetcher.fetch());
        assertThat(fetcher.pauses).containsExactly(Duration.ofSeconds(17), Duration.ofSeconds(55));
    }

    @Test
    void doesNotWaitForHours() {
        hub.fault("/revision/main", 1, exchange -> {
            exchange.getResponseHeaders().set("Retry-After", "7200");
            return TestHub.refuse(exchange, 503, Optional.empty());
        });
        assertThatThrownBy(fetcher::fetch).hasMessageContainingAll("503", "7200 s");
        assertThat(fetcher.pauses).isEmpty();
    }

    @Test
    void givesUpOnAHubThatStaysBusy() {
        hub.fault("/revision/main", 9, exchange -> TestHub.refuse(exchange, 503, Optional.empty()));
        assertThatThrownBy(fetcher::fetch)
                .isInstanceOf(DownloadException.class)
                .hasMessageContainingAll(TestHub.ID, "answers 503", "3 times", "try again later");
        assertThat(cache).isEmptyDirectory();
    }

    @Test
    void givesUpOnAHubThatIsNotThere() {
        hub.close();
        assertThatThrownBy(fetcher::fetch)
                .isInstanceOf(DownloadException.class)
                .hasMessageContainingAll(TestHub.ID, "cannot be reached", "2 times", "check the network");
    }

    @Test
    void doesNotWaitForeverForAServerThatFallsSilent() throws InterruptedException {
        CountDownLatch end = new CountDownLatch(1);
        hub.fault(hub.hash(SHARD), 1, exchange -> {
            exchange.sendResponseHeaders(200, hub.content(SHARD).length);
            exchange.getResponseBody().write(hub.content(SHARD), 0, 70_000);
            exchange.getResponseBody().flush();
            await(end);
            return true;
        });
        assertWhole(fetcher.withSilence(Duration.ofMillis(1500)).fetch());
        end.countDown();
        assertThat(hub.seen).extracting(TestHub.Seen::range).anyMatch(DownloadFaultsTest::isLaterPart);
    }

    @Test
    void doesNotWaitForeverForHeadersThatComeByteByByte() throws IOException {
        try (ServerSocket server = new ServerSocket(0, 9, InetAddress.getLoopbackAddress())) {
            Thread slow = new Thread(() -> sendHeadersSlowly(server));
            slow.setDaemon(true);
            slow.start();
            Fetcher waiting = fetcher.at(URI.create("http://localhost:" + server.getLocalPort()));
            assertThatThrownBy(waiting.withSilence(Duration.ofMillis(300))::fetch)
                    .isInstanceOf(DownloadException.class)
                    .hasMessageContainingAll(TestHub.ID, "no complete headers within", "3 times");
        }
    }

    private static void sendHeadersSlowly(ServerSocket server) {
        while (!server.isClosed()) {
            try (Socket socket = server.accept()) {
                socket.getOutputStream().write("HTTP/1.1 200 OK\r\nX-Header: ".getBytes(UTF_8));
                for (int i = 0; i < 100; i++) {
                    socket.getOutputStream().write('x');
                    Thread.sleep(50);
                }
            } catch (IOException | InterruptedException e) {
                // the client has left
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "401, RepoNotFound, check the name",
        "401, '', HF_TOKEN",
        "403, GatedRepo, ask for access",
        "404, RepoNotFound, check the name",
        "404, RevisionNotFound, check the revision",
        "400, '', HF_ENDPOINT"
    })
    void saysWhatToDoAboutARefusal(int status, String code, String remedy) {
        hub.fault("/revision/main", 1, exchange -> {
            exchange.getResponseHeaders().set("X-Error-Message", "no\u00e9way");
            return TestHub.refuse(exchange, status, Optional.of(code));
        });
        assertThatThrownBy(fetcher::fetch)
                .isInstanceOf(DownloadException.class)
                .hasMessageContainingAll(TestHub.ID, "answers " + status, "no?way", remedy);
        assertThat(hub.seen).hasSize(1);
        assertThat(cache).isEmptyDirectory();
    }

    @Test
    void namesAFileThatIsGone() {
        hub.fault("/vocab.json", 1, exchange -> TestHub.refuse(exchange, 404, Optional.of("EntryNotFound")));
        assertThatThrownBy(fetcher::fetch).hasMessageContainingAll("vocab.json", "404", "no such file");
        assertNothingHalf();
    }

    @Test
    void sendsTheTokenToTheHubAlone() {
        fetcher.withToken(TOKEN).fetch();
        assertThat(hub.seen)
                .filteredOn(request -> request.server().equals("hub"))
                .extracting(TestHub.Seen::token)
                .containsOnly("Bearer " + TOKEN);
        assertThat(hub.seen)
                .filteredOn(request -> request.server().equals("storage"))
                .hasSize(2)
                .extracting(TestHub.Seen::token)
                .containsOnly("");
    }

    @Test
    void keepsTheTokenOutOfItsMessages() {
        hub.fault("/revision/main", 1, exchange -> TestHub.refuse(exchange, 401, Optional.empty()));
        assertThatThrownBy(() -> fetcher.withToken(TOKEN).fetch())
                .hasMessageContaining("check that the token is valid")
                .hasMessageNotContaining(TOKEN);
    }

    @Test
    void doesNotRunInCircles() {
        hub.fault("/revision/main", 99, exchange -> {
            exchange.getResponseHeaders()
                    .set("Location", exchange.getRequestURI().toString());
            return TestHub.refuse(exchange, 302, Optional.empty());
        });
        assertThatThrownBy(fetcher::fetch).hasMessageContaining("more than 10 redirects");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "file:///etc/passwd", "gopher://x/", "::"})
    void followsRedirectsOnTheWebOnly(String location) {
        hub.fault("/revision/main", 1, exchange -> {
            exchange.getResponseHeaders().set("Location", location);
            return TestHub.refuse(exchange, 302, Optional.empty());
        });
        assertThatThrownBy(fetcher::fetch).isInstanceOf(DownloadException.class).hasMessageContaining("redirects to");
    }

    private static boolean cut(HttpExchange exchange, int more) throws IOException {
        byte[] content = Files.readAllBytes(Fetcher.MODEL.resolve(SHARD));
        String range = exchange.getRequestHeaders().getFirst("Range");
        int from = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
        exchange.getResponseHeaders().set("Content-Range", "bytes " + from + "-" + (content.length - 1) + "/*");
        exchange.sendResponseHeaders(range == null ? 200 : 206, content.length - from);
        exchange.getResponseBody().write(content, from, more);
        exchange.getResponseBody().flush();
        return true;
    }

    private static void await(CountDownLatch end) throws IOException {
        try {
            end.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private Path blobs() {
        return cache.resolve("models--OpenGVLab--InternVL2_5-1B").resolve("blobs");
    }

    private Path partial() {
        return blobs().resolve(hub.hash(SHARD) + ".internvl.incomplete");
    }

    private void assertWhole(Path snapshot) {
        assertThat(NeededFiles.missing(snapshot)).isEmpty();
        hub.files.forEach((name, content) -> {
            if (Files.exists(Fetcher.MODEL.resolve(name))) {
                assertThat(snapshot.resolve(name)).hasBinaryContent(content);
            }
        });
        assertThat(blobs()).isDirectoryNotContaining(file -> file.toString().endsWith(".incomplete"));
    }

    /** Blobs and what points to them are whole, and no revision is said to be there. */
    private void assertNothingHalf() {
        assertThat(blobs().resolveSibling("refs")).doesNotExist();
        hub.files.forEach((name, content) -> {
            for (Path path : new Path[] {
                blobs().resolve(hub.hash(name)),
                blobs().resolveSibling("snapshots").resolve(TestHub.COMMIT).resolve(name)
            }) {
                if (Files.exists(path)) {
                    assertThat(path).hasBinaryContent(content);
                }
            }
        });
    }

    /** Of the 70,000 bytes that were sent before a cut, some may not have arrived. */
    private static boolean isLaterPart(@Nullable String range) {
        return range != null && range.matches("bytes=[1-9][0-9]*-");
    }

    @Test
    void givesUpSoonWhereNothingListens() {
        Hub nowhere = Hub.builder()
                .cache(cache)
                .endpoint(URI.create("http://127.0.0.1:1"))
                .build();
        long start = System.nanoTime();
        assertThatThrownBy(() -> nowhere.fetch(TestHub.ID))
                .isInstanceOf(DownloadException.class)
                .hasMessageContaining("cannot be reached");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
    }

    @Test
    void givesUpSoonWhereNothingAnswersTheFirstPacket() throws IOException {
        assumeFalse(System.getProperty("os.name").startsWith("Windows"), "Windows refuses beyond a full backlog");
        assertThat(HubClient.contact()).isEqualTo(Duration.ofSeconds(4));
        InetAddress here = InetAddress.getLoopbackAddress();
        List<Socket> waiting = new ArrayList<>();
        try (ServerSocket deaf =
                new ServerSocket(0, 1, here)) { // never accepts: beyond its backlog packets are dropped
            for (int i = 0; i < 4; i++) {
                Socket socket = new Socket();
                waiting.add(socket);
                connect(socket, new InetSocketAddress(here, deaf.getLocalPort()));
            }
            Hub hub = Hub.builder()
                    .cache(cache)
                    .endpoint(URI.create("http://" + here.getHostAddress() + ":" + deaf.getLocalPort()))
                    .build();
            System.setProperty("internvl.hub.contact", "1");
            assertThatThrownBy(() -> hub.fetch(TestHub.ID))
                    .isInstanceOf(DownloadException.class)
                    .hasMessageContainingAll("cannot be reached within 1 s", "internvl.hub.contact");
            System.setProperty("internvl.hub.contact", "soon");
            assertThatThrownBy(() -> hub.fetch(TestHub.ID))
                    .isInstanceOf(DownloadException.class)
                    .hasMessageContaining("internvl.hub.contact must be seconds, 1..9999: soon");
        } finally {
            System.clearProperty("internvl.hub.contact");
            for (Socket socket : waiting) {
                socket.close();
            }
        }
    }

    private static void connect(Socket socket, InetSocketAddress place) throws IOException {
        try {
            socket.connect(place, 200);
        } catch (SocketTimeoutException e) {
            assertThat(socket.isConnected()).isFalse(); // the backlog is full
        }
    }
}
