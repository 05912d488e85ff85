package io.github.internvl.tests.attack;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A server under attack, as its clients reach it. Every call ends by itself. Thread-safe. */
final class Victim {
    static final Duration PATIENCE = Duration.ofSeconds(60);
    static final String CHAT = "/v1/chat/completions";

    private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] (\\d{3})");
    private static final int MOST_READ = 1 << 20;
    private static final int POLL_MILLIS = 50;

    private final ServerProcess process;
    private final Setup setup;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    Victim(ServerProcess process, Setup setup) {
        this.process = process;
        this.setup = setup;
    }

    ServerProcess process() {
        return process;
    }

    URI uri(String path) {
        return process.uri().resolve(path);
    }

    /** Sends a JSON body and waits for the whole answer. */
    Answer post(String path, byte[] body, String... headers) throws IOException, InterruptedException {
        return post(path, body, PATIENCE, headers);
    }

    Answer post(String path, String body, String... headers) throws IOException, InterruptedException {
        return post(path, body.getBytes(StandardCharsets.UTF_8), headers);
    }

    /** The same with a time of its own, after which {@link HttpTimeoutException} comes. */
    Answer post(String path, byte[] body, Duration patience, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri(path))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(body));
        return send(request, patience, headers);
    }

    Answer get(String path, String... headers) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(uri(path)), PATIENCE, headers);
    }

    private Answer send(HttpRequest.Builder request, Duration patience, String... headers)
            throws IOException, InterruptedException {
        boolean named = false;
        for (int i = 0; i + 1 < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
            named |= headers[i].equals("Authorization");
        }
        if (!named && !setup.authorization().isEmpty()) {
            request.header("Authorization", setup.authorization());
        }
        HttpResponse<String> response =
                http.send(request.timeout(patience).build(), HttpResponse.BodyHandlers.ofString());
        return new Answer(response.statusCode(), response.headers(), response.body());
    }

    /** A plain chat of two tokens: what any other client asks. */
    Answer chat(Duration patience) throws IOException, InterruptedException {
        return post(CHAT, Bodies.ask("Why?").getBytes(StandardCharsets.UTF_8), patience);
    }

    /** The value of a metric, whatever its labels. */
    double metric(String name) throws IOException, InterruptedException {
        String metrics = get("/metrics").body();
        Matcher found =
                Pattern.compile("(?m)^" + name + "(?:\\{[^}]*})? (\\S+)$").matcher(metrics);
        if (!found.find()) {
            throw new IllegalStateException("/metrics has no " + name + ": " + metrics);
        }
        return Double.parseDouble(found.group(1));
    }

    /** Requests that hold a place. */
    double inside() throws IOException, InterruptedException {
        return metric("internvl_http_requests_inside");
    }

    /** Opens a connection, sends some bytes, and leaves it open. */
    Socket open(byte[] bytes) throws IOException {
        Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), process.uri().getPort());
        OutputStream out = socket.getOutputStream();
        out.write(bytes);
        out.flush();
        return socket;
    }

    /** Sends bytes as they stand and reads until the server closes, so many answers are there, or patience is over. */
    Raw raw(byte[] bytes, int answers) throws IOException {
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), process.uri().getPort())) {
            socket.setSoTimeout(POLL_MILLIS);
            Thread writer = new Thread(() -> write(socket, bytes), "attack-writer");
            writer.start();
            long end = System.nanoTime() + PATIENCE.toNanos();
            return new Raw(
                    readUntil(socket.getInputStream(), read, answers, end), read.toString(StandardCharsets.ISO_8859_1));
        } catch (SocketException e) {
            return new Raw(true, read.toString(StandardCharsets.ISO_8859_1));
        }
    }

    private static void write(Socket socket, byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
            socket.getOutputStream().flush();
        } catch (IOException e) {
            return; // the server has refused before it read everything
        }
    }

    private static boolean readUntil(InputStream in, ByteArrayOutputStream read, int answers, long end)
            throws IOException {
        byte[] block = new byte[1 << 16];
        while (System.nanoTime() < end && read.size() < MOST_READ) {
            try {
                int count = in.read(block);
                if (count < 0) {
                    return true;
                }
                read.write(block, 0, count);
            } catch (SocketTimeoutException e) {
                if (statuses(read.toString(StandardCharsets.ISO_8859_1)).size() >= answers) {
                    return false;
                }
            }
        }
        return false;
    }

    /**
     * The bytes that came back on a connection.
     *
     * @param closed whether the server closed it
     */
    record Raw(boolean closed, String text) {
        List<Integer> statuses() {
            return Victim.statuses(text);
        }
    }

    private static List<Integer> statuses(String text) {
        List<Integer> found = new ArrayList<>();
        for (Matcher matcher = STATUS.matcher(text); matcher.find(); ) {
            found.add(Integer.valueOf(matcher.group(1)));
        }
        return found;
    }
}
