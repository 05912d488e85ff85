package io.github.internvl.web;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/** A server on this machine: one that keeps to HTTP, and beside it one that writes what it is told to. */
final class WebServer implements AutoCloseable {
    /** Writes an answer, head and all. */
    interface Answer {
        void write(OutputStream out) throws IOException, InterruptedException;
    }

    final List<String> requests = new CopyOnWriteArrayList<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpServer server;
    private @Nullable ServerSocket raw;

    private WebServer(HttpServer server) {
        this.server = server;
        server.setExecutor(threads);
        server.start();
    }

    static WebServer http() throws IOException {
        return new WebServer(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0));
    }

    static WebServer https(SSLContext keys) throws IOException {
        HttpsServer server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(keys));
        return new WebServer(server);
    }

    int port() {
        return server.getAddress().getPort();
    }

    URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port() + path);
    }

    /** Serves a file; requests for it are noted with the host they name. */
    WebServer file(String path, byte[] bytes) {
        server.createContext(path, exchange -> {
            requests.add(exchange.getRequestHeaders().getFirst("Host") + exchange.getRequestURI());
            exchange.sendResponseHeaders(200, bytes.length);
            try (OutputStream out = exchange.getResponseBody()) {
                out.write(bytes);
            }
        });
        return this;
    }

    WebServer redirect(String path, int status, String location) {
        server.createContext(path, exchange -> {
            requests.add(exchange.getRequestHeaders().getFirst("Host") + exchange.getRequestURI());
            exchange.getResponseHeaders().set("Location", location);
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        });
        return this;
    }

    /** The address of a server that answers every request in the way given. */
    URI answering(Answer answer) throws IOException {
        ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        raw = socket;
        threads.execute(() -> {
            while (!socket.isClosed()) {
                try (Socket connection = socket.accept()) {
                    readRequest(connection.getInputStream());
                    answer.write(connection.getOutputStream());
                } catch (IOException e) {
                    requests.add("gone");
                } catch (InterruptedException e) {
                    return;
                }
            }
        });
        return URI.create("http://127.0.0.1:" + socket.getLocalPort() + "/file");
    }

    private void readRequest(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            head.append((char) in.read());
        }
        requests.add(head.toString());
    }

    static Answer text(String answer) {
        return out -> out.write(answer.getBytes(StandardCharsets.ISO_8859_1));
    }

    @Override
    public void close() throws IOException {
        server.stop(0);
        if (raw != null) {
            raw.close();
        }
        threads.shutdownNow();
    }
}
