package io.github.internvl.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class DownloadCommandTest {
    private static final String ID = "OpenGVLab/InternVL2_5-1B";
    private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

    @TempDir
    Path cache;

    private HttpServer hub;

    @BeforeEach
    void start() throws IOException {
        hub = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        hub.createContext("/api/models/" + ID + "/revision/main", exchange -> send(exchange, list()));
        hub.createContext("/" + ID + "/resolve/" + COMMIT + "/", exchange -> {
            Path name = Path.of(exchange.getRequestURI().getPath()).getFileName();
            send(exchange, Files.readAllBytes(TinyModel.FOLDER.resolve(name)));
        });
        hub.start();
    }

    @AfterEach
    void stop() {
        hub.stop(0);
    }

    @Test
    void writesTheFolderThatHoldsTheModel() {
        CommandRun run = download(ID);
        assertThat(run.err().lines()).allMatch(line -> line.startsWith("Downloading ")); // none within half a second
        assertThat(run.exitCode()).isZero();
        Path folder = Path.of(run.out().strip());
        assertThat(folder).startsWith(cache).endsWith(Path.of("snapshots", COMMIT));

        CommandRun info = CommandRun.of("info", folder.toString());
        assertThat(info.exitCode()).isZero();
        assertThat(info.out()).contains("qwen2");
    }

    @Test
    void namesARevisionThatIsNotThere() {
        CommandRun run = download("--revision", "v9", ID);
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).startsWith("internvl: " + ID + ", revision v9: ").contains("404");
    }

    @Test
    @Timeout(20)
    void refusesSoonWithoutANetwork() {
        long start = System.nanoTime();
        CommandRun run = CommandRun.of("download", "--cache", cache.toString(), "--endpoint", "http://127.0.0.1:1", ID);
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).startsWith("internvl: " + ID).contains("cannot be reached");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
    }

    @Test
    void explainsWhatAnIdIs() {
        CommandRun run = download("InternVL2_5-1B");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).startsWith("internvl download: a hub id must be owner/name");
    }

    private CommandRun download(String... args) {
        List<String> all = new ArrayList<>(List.of("download", "--cache", cache.toString(), "--endpoint"));
        all.add("http://localhost:" + hub.getAddress().getPort());
        all.addAll(List.of(args));
        return CommandRun.of(all.toArray(String[]::new));
    }

    private static byte[] list() throws IOException {
        List<Map<String, Object>> siblings = new ArrayList<>();
        try (Stream<Path> files = Files.list(TinyModel.FOLDER)) {
            for (Path file : files.toList()) {
                byte[] content = Files.readAllBytes(file);
                siblings.add(Map.of(
                        "rfilename", file.getFileName().toString(), "size", content.length, "blobId", blobId(content)));
            }
        }
        return new Gson().toJson(Map.of("sha", COMMIT, "siblings", siblings)).getBytes(UTF_8);
    }

    private static String blobId(byte[] content) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-1");
            digest.update(("blob " + content.length + "\0").getBytes(UTF_8));
            return HexFormat.of().formatHex(digest.digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void send(HttpExchange exchange, byte[] body) throws IOException {
        try (exchange) {
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
        }
    }
}
