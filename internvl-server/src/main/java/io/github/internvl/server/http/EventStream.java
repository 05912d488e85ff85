package io.github.internvl.server.http;

import com.google.gson.FieldNamingPolicy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** A response body of server-sent events; {@link #flush} sends what was written. Used by one thread. */
public final class EventStream {
    /** The JSON of wire records: components in their order, names in snake case, nulls written. */
    static final Gson JSON = new GsonBuilder()
            .setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES)
            .serializeNulls()
            .disableHtmlEscaping()
            .create();

    private final HttpServletResponse response;

    EventStream(HttpServletResponse response) {
        this.response = response;
        response.setContentType("text/event-stream; charset=utf-8");
        response.setHeader("cache-control", "no-cache");
        response.setHeader("x-accel-buffering", "no");
    }

    /** Writes an unnamed event with a wire record as its data. */
    public void data(Object wire) {
        write("data: " + JSON.toJson(wire) + "\n\n");
    }

    /** Writes a named event with a wire record as its data. */
    public void event(String name, Object wire) {
        write("event: " + name + "\ndata: " + JSON.toJson(wire) + "\n\n");
    }

    /** Writes the protocol's end mark and closes the stream. */
    public void end() {
        write("data: [DONE]\n\n");
        close();
    }

    /** Closes the stream without the end mark. */
    public void close() {
        try {
            response.getOutputStream().close();
        } catch (IOException e) {
            throw new ClientGone();
        }
    }

    /** Sends a comment, so that proxies keep the idle connection open. */
    public void keepAlive() {
        write(": waiting\n\n");
        flush();
    }

    /** Sends all events written so far. */
    public void flush() {
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
