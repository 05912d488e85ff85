package io.github.internvl.langchain4j;

import com.sun.net.httpserver.HttpServer;
import dev.langchain4j.model.chat.common.AbstractChatModelIT;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** A server on this machine with the pictures of the conformance classes, in place of the web. */
final class PictureServer {
    private static final HttpServer SERVER = start();

    /** The host and port that a policy must allow. */
    static final String HOST = "127.0.0.1:" + SERVER.getAddress().getPort();

    private PictureServer() {}

    private static HttpServer start() {
        try {
            HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.createContext("/images/", exchange -> {
                String path = exchange.getRequestURI().getPath();
                try (InputStream file = AbstractChatModelIT.class.getResourceAsStream(path)) {
                    byte[] bytes = file == null ? new byte[0] : file.readAllBytes();
                    exchange.sendResponseHeaders(bytes.length == 0 ? 404 : 200, bytes.length == 0 ? -1 : bytes.length);
                    try (OutputStream out = exchange.getResponseBody()) {
                        out.write(bytes);
                    }
                }
            });
            server.start();
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String url(String name) {
        return "http://" + HOST + "/images/" + name;
    }
}
