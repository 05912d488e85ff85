package io.github.internvl.server;

import com.google.gson.JsonObject;
import io.github.internvl.ChatResponse;
import io.github.internvl.RequestBudget;
import io.javalin.http.Context;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.Set;

/** One request of a client and what it gets. Used by its own thread. */
final class Exchange implements AutoCloseable {
    private static final String FIGURES = "internvl.figures";
    private static final int BLOCK = 1 << 16;
    private static final long MOST_SKIPPED = 64L << 20;
    private static final int SKIP_LOOKS = 20;
    private static final int SKIP_MILLIS = 5;

    private final Context context;
    private final Peer peer;
    private final Memory.Share memory;
    private final Gate gate;
    private final Duration timeout;
    private boolean inside;

    /** Begins with a request whose body has not been read: its time runs from here. */
    Exchange(Context context, Memory memory, Gate gate, Duration timeout) {
        this.context = context;
        this.peer = new Peer(context.req());
        this.gate = gate;
        this.timeout = timeout;
        this.memory = memory.share(budget(timeout));
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

    /** The work that the request may cause, all of its questions together. */
    RequestBudget budget() {
        return memory.budget();
    }

    /** The work that each of several equal questions may cause; their time is that of the request. */
    RequestBudget sameTime() {
        return budget(left(budget().deadlineNanos(), System.nanoTime(), timeout));
    }

    /** The time from now to a deadline, in terms of {@link System#nanoTime}; all the time of a request that has none. */
    static Duration left(OptionalLong deadline, long now, Duration timeout) {
        return deadline.isPresent() ? Duration.ofNanos(deadline.getAsLong() - now) : timeout;
    }

    private RequestBudget budget(Duration timeout) {
        return RequestBudget.builder()
                .timeout(timeout.isNegative() || timeout.isZero() ? Duration.ofNanos(1) : timeout)
                .abandonedWhen(() -> peer.isGone() || gate.isClosed())
                .build();
    }

    /** Reads the body, JSON of at most so many bytes, and keeps its known fields; then the request takes its place inside. */
    Fields body(long maxBytes, Set<String> known) {
        requireJson();
        if (context.req().getContentLengthLong() > maxBytes) {
            throw BodyStream.tooLarge(maxBytes);
        }
        long usual = peer.waits();
        Fields body;
        try (Readings.Reading reading = gate.readings().begin()) {
            peer.waitFor(Readings.pause(budget()));
            InputStream in = context.req().getInputStream();
            body = BodyReader.read(new BodyStream(in, reading, budget(), maxBytes), known, memory, budget());
        } catch (IOException e) {
            throw new ClientGone();
        } finally {
            peer.waitFor(usual);
        }
        peer.watch();
        gate.enter();
        inside = true;
        return body;
    }

    private void requireJson() {
        String type = context.contentType();
        if (type == null
                || !type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT).equals("application/json")) {
            throw Refusal.status(415, "unsupported_media_type", "the Content-Type must be application/json");
        }
        String encoding = context.header("content-encoding");
        if (encoding != null && !encoding.strip().equalsIgnoreCase("identity")) {
            throw Refusal.status(
                    415,
                    "unsupported_content_encoding",
                    "the body must be sent as it is, without a Content-Encoding: " + Text.quote(encoding));
        }
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

    /** Records an answer's figures for the log. */
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
     * Passes over a body that nobody has read, so that a client that still sends it sees its refusal and the connection can go on;
     * where the rest does not come at once, says that the connection ends, as a thread that refuses waits for no client.
     */
    static void skipBody(Context context) {
        try {
            ServletInputStream in = context.req().getInputStream();
            byte[] unused = new byte[BLOCK];
            long skipped = 0;
            for (int looks = 0; looks < SKIP_LOOKS && skipped < MOST_SKIPPED && !in.isFinished(); ) {
                if (in.available() > 0) {
                    skipped += in.read(unused, 0, Math.min(in.available(), BLOCK));
                } else {
                    Thread.sleep(SKIP_MILLIS);
                    looks++;
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

    /** Ends what still works for the request, and gives back what it took. */
    @Override
    public void close() {
        budget().cancel();
        peer.leave();
        memory.close();
        if (inside) {
            gate.leave();
        }
    }
}
