package io.github.internvl.server;

import com.google.gson.JsonElement;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** An answer in server-sent events. Events reach the client with {@link #flush}. Used by one thread. */
final class EventStream {
    private final HttpServletResponse response;

    EventStream(HttpServletResponse response) {
        this.response = response;
        response.setContentType("text/event-stream; charset=utf-8");
        response.setHeader("cache-control", "no-cache");
        response.setHeader("x-accel-buffering", "no");
    }

    void data(JsonElement json) {
        write("data: " + json + "\n\n");
    }

    void event(String name, JsonElement json) {
        write("event: " + name + "\ndata: " + json + "\n\n");
    }

    /** Ends the answer, with everything written. */
    void end() {
        write("data: [DONE]\n\n");
        close();
    }

    void close() {
        try {
            response.getOutputStream().close();
        } catch (IOException e) {
            throw new ClientGone();
        }
    }

    /** Says nothing, so that nobody between takes the connection for dead. */
    void keepAlive() {
        write(": waiting\n\n");
        flush();
    }

    void flush() {
        try {
            response.flushBuffer();
        } catch (IOException e) {
            throw new ClientGone();
        }
    }

    private void write(String text) {
        try {
            OutputStream out = response.getOutputStream();
            out.write(text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new ClientGone();
        }
    }
}
