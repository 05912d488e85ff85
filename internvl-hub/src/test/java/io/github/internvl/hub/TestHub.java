package io.github.internvl.hub;

import com.google.gson.Gson;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;

/**
 * A hub with one repository on two servers of this machine: the hub itself, and the storage that it redirects to for what
 * Git LFS keeps. Faults are put in its way one after the other.
 */
public final class TestHub implements AutoCloseable {
    public static final String ID = "OpenGVLab/InternVL2_5-1B";
    public static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

    /** A request as it came in; {@code token} and {@code range} are empty where there was none. */
    public record Seen(String server, String method, String path, String token, String range) {}

    /** Takes a request over; false leaves it to the server. */
    public interface Fault {
        boolean take(HttpExchange exchange) throws IOException;
    }

    final Map<String, byte[]> files = new LinkedHashMap<>();
    final Map<String, String> served = new LinkedHashMap<>();
    final List<Seen> seen = new CopyOnWriteArrayList<>();
    final ConcurrentLinkedDeque<Fault> faults = new ConcurrentLinkedDeque<>();
    volatile boolean tellsHashes = true;
    volatile boolean hasRanges = true;
    volatile String commit = COMMIT;

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpServer hub;
    private final HttpServer storage;

    public TestHub() throws IOException {
        hub = server("hub");
        storage = server("storage");
    }

    private HttpServer server(String name) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            try (exchange) {
                handle(name, exchange);
            }
        });
        server.start();
        return server;
    }

    /** A hub with the files of a checkpoint, and with some that nobody needs. */
    public static TestHub of(Path checkpoint) throws IOException {
        TestHub hub = new TestHub();
        try (Stream<Path> files = Files.list(checkpoint)) {
            for (Path file : files.sorted().toList()) {
                hub.files.put(file.getFileName().toString(), Files.readAllBytes(file));
            }
        }
        for (String name :
                List.of("README.md", ".gitattributes", "modeling_x.py", "pytorch_model.bin", "examples/a.jpg")) {
            hub.files.put(name, name.getBytes(StandardCharsets.UTF_8));
        }
        return hub;
    }

    public URI endpoint() {
        return URI.create("http://localhost:" + hub.getAddress().getPort());
    }

    /** Requests that brought contents, by file name or hash. */
    List<Seen> contents() {
        return seen.stream()
                .filter(request -> request.method().equals("GET"))
                .filter(request ->
                        request.server().equals("storage") || request.path().contains("/resolve/"))
                .filter(request -> !request.path().endsWith(".safetensors")
                        || request.server().equals("storage"))
                .toList();
    }

    byte[] content(String name) {
        return Objects.requireNonNull(files.get(name), name);
    }

    /** A file's name in the cache: its SHA-256 if Git LFS keeps it, else the SHA-1 of its git blob. */
    String hash(String name) {
        byte[] content = content(name);
        byte[] head = ("blob " + content.length + "\0").getBytes(StandardCharsets.US_ASCII);
        return isLarge(name) ? hex("SHA-256", new byte[0], content) : hex("SHA-1", head, content);
    }

    private static boolean isLarge(String name) {
        return name.endsWith(".safetensors") || name.endsWith(".bin");
    }

    private static String hex(String algorithm, byte[]... parts) {
        try {
            MessageDigest digest = MessageDigest.getInstance(algorithm);
            for (byte[] part : parts) {
                digest.update(part);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private void handle(String server, HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        seen.add(new Seen(
                server,
                exchange.getRequestMethod(),
                path,
                header(exchange, "Authorization"),
                header(exchange, "Range")));
        for (Fault fault : faults) {
            if (fault.take(exchange)) {
                return;
            }
        }
        String home = "/" + ID + "/resolve/" + commit + "/";
        String name = path.startsWith(home) ? path.substring(home.length()) : path.substring(path.lastIndexOf('/') + 1);
        if (path.startsWith("/api/models/" + ID + "/")) {
            send(exchange, 200, new Gson().toJson(listing()).getBytes(StandardCharsets.UTF_8));
        } else if (server.equals("storage")) {
            content(exchange, content(served.getOrDefault(name, name)));
        } else if (path.startsWith(home) && files.containsKey(name)) {
            resolve(exchange, name);
        } else {
            exchange.getResponseHeaders()
                    .set("X-Error-Code", path.startsWith("/api") ? "RepoNotFound" : "EntryNotFound");
            send(exchange, 404, new byte[0]);
        }
    }

    private static String header(HttpExchange exchange, String name) {
        String value = exchange.getRequestHeaders().getFirst(name);
        return value == null ? "" : value;
    }

    private Map<String, Object> listing() {
        List<Map<String, Object>> siblings = new ArrayList<>();
        for (String name : files.keySet()) {
            Map<String, Object> sibling = new LinkedHashMap<>(Map.of("rfilename", name));
            int size = content(name).length;
            if (tellsHashes) {
                sibling.put("size", size);
                sibling.put("blobId", isLarge(name) ? "f".repeat(40) : hash(name));
            }
            if (tellsHashes && isLarge(name)) {
                sibling.put("lfs", Map.of("sha256", hash(name), "size", size, "pointerSize", 135));
            }
            siblings.add(sibling);
        }
        return Map.of("id", ID, "sha", commit, "siblings", siblings);
    }

    private void resolve(HttpExchange exchange, String name) throws IOException {
        exchange.getResponseHeaders().set("X-Repo-Commit", commit);
        if (!isLarge(name)) {
            exchange.getResponseHeaders().set("ETag", "\"" + hash(name) + "\"");
            content(exchange, content(name));
            return;
        }
        served.put(hash(name), name);
        exchange.getResponseHeaders().set("X-Linked-Etag", "\"" + hash(name) + "\"");
        exchange.getResponseHeaders().set("X-Linked-Size", String.valueOf(content(name).length));
        exchange.getResponseHeaders()
                .set(
                        "Location",
                        "http://127.0.0.1:" + storage.getAddress().getPort() + "/" + hash(name) + "?Signature=s");
        send(exchange, 302, new byte[0]);
    }

    private void content(HttpExchange exchange, byte[] whole) throws IOException {
        String range = header(exchange, "Range");
        if (range.isEmpty() || !hasRanges) {
            send(exchange, 200, whole);
            return;
        }
        int from = Integer.parseInt(range.substring("bytes=".length(), range.length() - 1));
        byte[] part = Arrays.copyOfRange(whole, from, whole.length);
        exchange.getResponseHeaders()
                .set("Content-Range", "bytes " + from + "-" + (whole.length - 1) + "/" + whole.length);
        send(exchange, 206, part);
    }

    /** Sends an answer with its body. */
    static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
        boolean head = exchange.getRequestMethod().equals("HEAD");
        if (head) {
            exchange.getResponseHeaders().set("Content-Length", String.valueOf(body.length));
        }
        exchange.sendResponseHeaders(status, head || body.length == 0 ? -1 : body.length);
        if (!head && body.length > 0) {
            exchange.getResponseBody().write(body);
        }
    }

    /** Sends an answer without a body, perhaps with a code that says why. */
    static boolean refuse(HttpExchange exchange, int status, Optional<String> code) throws IOException {
        code.ifPresent(value -> exchange.getResponseHeaders().set("X-Error-Code", value));
        send(exchange, status, new byte[0]);
        return true;
    }

    /** Puts a fault in the way of the next requests whose path ends so. */
    void fault(String path, int times, Fault fault) {
        int[] left = {times};
        faults.add(exchange -> {
            synchronized (left) {
                if (left[0] == 0 || !exchange.getRequestURI().getPath().endsWith(path)) {
                    return false;
                }
                left[0]--;
            }
            return fault.take(exchange);
        });
    }

    @Override
    public void close() {
        hub.stop(0);
        storage.stop(0);
        threads.shutdownNow();
    }
}
