package io.github.internvl.server;

import com.google.gson.JsonObject;
import io.github.internvl.ChatResponse;
import io.javalin.http.Context;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** One request of a client and what it gets. Used by its own thread. */
final class Exchange implements AutoCloseable {
    private static final String FIGURES = "internvl.figures";
    private static final int BLOCK = 1 << 16;
    private static final int SKIP_LOOKS = 20;
    private static final int SKIP_MILLIS = 5;
    private static final int COPIES = 4; // the bytes, their text while it grows, and what base64 stands for

    private final Context context;
    private final Peer peer;
    private final Memory.Share memory;
    private final Gate gate;

    Exchange(Context context, Memory.Share memory, Gate gate) {
        this.context = context;
        this.peer = new Peer(context.req());
        this.memory = memory;
        this.gate = gate;
    }

    /** The name of the request, in logs and in the answer's head. */
    static String id(Context context) {
        String id = context.attribute("internvl.id");
        return id == null ? "-" : id;
    }

    static void name(Context context, String id) {
        context.attribute("internvl.id", id);
        context.header("x-request-id", id);
    }

    String id() {
        return id(context);
    }

    Memory.Share memory() {
        return memory;
    }

    /** Reads the body, JSON of at most so many bytes. */
    Fields body(long maxBytes) {
        String type = context.contentType();
        if (type == null
                || !type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT).equals("application/json")) {
            throw Refusal.status(415, "unsupported_media_type", "the Content-Type must be application/json");
        }
        if (context.req().getContentLengthLong() > maxBytes) {
            throw tooLarge(maxBytes);
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            InputStream in = context.req().getInputStream();
            byte[] block = new byte[BLOCK];
            for (int read = in.read(block); read >= 0; read = in.read(block)) {
                if (bytes.size() + (long) read > maxBytes) {
                    throw tooLarge(maxBytes);
                }
                memory.takeForBody((long) read * COPIES);
                bytes.write(block, 0, read);
            }
        } catch (IOException e) {
            throw new ClientGone();
        }
        return Fields.of(bytes.toByteArray());
    }

    private static Refusal tooLarge(long maxBytes) {
        return Refusal.status(
                413, "request_too_large", "the request must have at most " + maxBytes + " bytes, pictures included");
    }

    /** Ends the request's work, if nobody waits for it any more or the server is being closed. */
    void check() {
        if (peer.isGone()) {
            throw new ClientGone();
        }
        gate.check();
    }

    void reply(JsonObject json) {
        reply(context, 200, json);
    }

    EventStream events() {
        return new EventStream(context.res());
    }

    /** What of an answer stands in the log: its figures. */
    void note(ChatResponse response) {
        ChatResponse.Usage usage = response.usage();
        context.attribute(
                FIGURES,
                String.format(
                        Locale.ROOT,
                        " prompt=%d visual=%d cached=%d generated=%d finish=%s",
                        usage.promptTokens(),
                        usage.visualTokens(),
                        usage.cachedTokens(),
                        usage.generatedTokens(),
                        response.finishReason().name().toLowerCase(Locale.ROOT)));
    }

    static String figures(Context context) {
        String figures = context.attribute(FIGURES);
        return figures == null ? "" : figures;
    }

    /**
     * Passes over a small body that nobody has read, so that the connection can go on; where it does not come at once, or is
     * large, says that the connection ends.
     */
    static void skipBody(Context context) {
        try {
            ServletInputStream in = context.req().getInputStream();
            for (int looks = 0; looks < SKIP_LOOKS && !in.isFinished(); looks++) {
                if (in.available() > 0) {
                    byte[] unused = in.readNBytes(Math.min(in.available(), BLOCK));
                } else {
                    Thread.sleep(SKIP_MILLIS);
                }
            }
            if (!in.isFinished()) {
                context.res().setHeader("connection", "close");
            }
        } catch (IOException e) {
            context.res().setHeader("connection", "close");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Writes a reply to its end, so that the server may be stopped when this returns. */
    static void reply(Context context, int status, JsonObject json) {
        byte[] body = json.toString().getBytes(StandardCharsets.UTF_8);
        HttpServletResponse response = context.res();
        response.setStatus(status);
        response.setContentType("application/json");
        response.setContentLength(body.length);
        try (OutputStream out = response.getOutputStream()) {
            out.write(body);
        } catch (IOException e) {
            throw new ClientGone();
        }
    }

    @Override
    public void close() {
        memory.close();
    }
}
