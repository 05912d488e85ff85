package io.github.internvl.server;

import io.javalin.http.Context;
import io.javalin.http.NotFoundResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The chat page: static files of this package, read once, which call only their own server. Thread-safe. */
final class ChatPage {
    /** The content security policy, which allows only this server as a source. */
    private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
            + " img-src 'self' data: blob:; media-src data: blob:; base-uri 'none'; form-action 'none';"
            + " frame-ancestors 'none'";

    private static final Map<String, String> TYPES = Map.of(
            "html", "text/html; charset=utf-8",
            "css", "text/css; charset=utf-8",
            "js", "text/javascript; charset=utf-8",
            "mjs", "text/javascript; charset=utf-8",
            "png", "image/png");

    /** The files by their places in the jar; the address of each has the last part alone. */
    private static final List<String> FILES = List.of(
            "index.html",
            "style.css",
            "talk.css",
            "app.js",
            "api.js",
            "failures.js",
            "markdown.js",
            "media.js",
            "store.js",
            "view.js",
            "marked/marked.esm.js",
            "dompurify/purify.es.mjs",
            "shapes.png",
            "chart.png",
            "word.png");

    private final Map<String, byte[]> files = new TreeMap<>();

    ChatPage() {
        FILES.forEach(place -> files.put(place.substring(place.indexOf('/') + 1), read(place)));
    }

    private static byte[] read(String name) {
        try (InputStream in = ChatPage.class.getResourceAsStream("page/" + name)) {
            if (in == null) {
                throw new IllegalStateException("the chat page lacks its file " + name);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@code GET /}. */
    void index(Context context) {
        show(context, "index.html");
    }

    /** {@code GET /page/NAME}. */
    void part(Context context) {
        show(context, context.pathParam("name"));
    }

    private void show(Context context, String name) {
        byte[] file = files.get(name);
        if (file == null) {
            throw new NotFoundResponse();
        }
        context.header("content-security-policy", POLICY)
                .header("referrer-policy", "no-referrer")
                .header("cache-control", "no-cache")
                .contentType(String.valueOf(TYPES.get(name.substring(name.lastIndexOf('.') + 1))))
                .result(file);
    }
}
