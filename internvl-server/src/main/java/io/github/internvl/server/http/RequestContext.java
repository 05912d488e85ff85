package io.github.internvl.server.http;

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

/** One request to the server: its body, its limits, and its response. Used by its own thread. */
public final class RequestContext implements AutoCloseable {
    private static final String USAGE = "internvl.usage";
    private static final String READ = "internvl.read"; // bytes of the body
    private static final int BLOCK = 1 << 16;
    private static final long MOST_SKIPPED = 64L << 20;
    private static final int SKIP_ATTEMPTS = 20;
    private static final int SKIP_MILLIS = 5;

    private final Context context;
    private final ClientProbe client;
    private final HeapBudget.Share memory;
    private final Admission admission;
    private final Limits limits;
    private boolean admitted;

    /** Creates the context of a request whose body has not been read; its deadline counts from here. */
    public RequestContext(Context context, HeapBudget memory, Admission admission, Limits limits) {
        this.context = context;
        this.client = new ClientProbe(context.req());
        this.admission = admission;
        this.limits = limits;
        this.memory = memory.share(budget(limits.timeout()));
    }

    /** The request id, for the log and the {@code x-request-id} header. */
    public static String id(Context context) {
        String id = context.attribute("internvl.id");
        return id == null ? "-" : id;
    }

    /** Sets the request id. */
    public static void setId(Context context, String id) {
        context.attribute("internvl.id", id);
        context.header("x-request-id", id);
    }

    /** The request id. */
    public String id() {
        return id(context);
    }

    /** The heap reserved for the request. */
    public HeapBudget.Share memory() {
        return memory;
    }

    /** The work budget of the request, shared by all of its prompts. */
    public RequestBudget budget() {
        return memory.budget();
    }

    /** A work budget of its own for one of several equal prompts, with the deadline of the request. */
    public RequestBudget sameTime() {
        return budget(left(budget().deadlineNanos(), System.nanoTime(), limits.timeout()));
    }

    /** The time left until a deadline on the scale of {@link System#nanoTime}; {@code timeout} if there is none. */
    static Duration left(OptionalLong deadline, long now, Duration timeout) {
        return deadline.isPresent() ? Duration.ofNanos(deadline.getAsLong() - now) : timeout;
    }

    private RequestBudget budget(Duration timeout) {
        return RequestBudget.builder()
                .timeout(timeout.isNegative() || timeout.isZero() ? Duration.ofNanos(1) : timeout)
                .abandonedWhen(() -> client.isGone() || admission.isClosed())
                .build();
    }

    /** Reads the JSON body, keeps its known fields, and has the request admitted. */
    public JsonFields body(Set<String> known) {
        requireJson();
        if (context.req().getContentLengthLong() > limits.bodyBytes()) {
            throw BodyStream.tooLarge(limits.bodyBytes());
        }
        long usual = client.idleTimeout();
        JsonFields body;
        try (BodyReadings.Reading reading = admission.bodies().begin()) {
            client.setIdleTimeout(BodyReadings.pause(budget()));
            InputStream in = context.req().getInputStream();
            try {
                body = BodyReader.read(
                        new BodyStream(in, reading, budget(), limits.bodyBytes()), known, memory, budget());
            } finally {
                context.attribute(READ, reading.bytes());
            }
        } catch (IOException e) {
            throw new ClientGone();
        } finally {
            client.setIdleTimeout(usual);
        }
        client.start();
        admission.enter();
        admitted = true;
        return body;
    }

    private void requireJson() {
        String type = context.contentType();
        if (type == null
                || !type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT).equals("application/json")) {
            throw ApiException.status(415, "unsupported_media_type", "the Content-Type must be application/json");
        }
        String encoding = context.header("content-encoding");
        if (encoding != null && !encoding.strip().equalsIgnoreCase("identity")) {
            throw ApiException.status(
                    415,
                    "unsupported_content_encoding",
                    "the body must have no Content-Encoding: " + ApiException.quote(encoding));
        }
    }

    /** Ends the request if the client has disconnected or the server is shutting down. */
    public void check() {
        if (client.isGone()) {
            throw new ClientGone();
        }
        admission.check();
    }

    /** Replies with status 200 and a wire record. */
    public void reply(Object wire) {
        reply(context, 200, wire);
    }

    /** Begins a response of server-sent events. */
    public EventStream events() {
        return new EventStream(context.res());
    }

    /** Records an answer's token counts for the log. */
    public void record(ChatResponse response) {
        ChatResponse.Usage usage = response.usage();
        context.attribute(
                USAGE,
                String.format(
                        Locale.ROOT,
                        " prompt=%d visual=%d cached=%d generated=%d finish=%s",
                        usage.promptTokens(),
                        usage.visualTokens(),
                        usage.cachedTokens(),
                        usage.generatedTokens(),
                        response.finishReason().name().toLowerCase(Locale.ROOT)));
    }

    /** The recorded token counts, for the log. */
    public static String usage(Context context) {
        String usage = context.attribute(USAGE);
        return usage == null ? "" : usage;
    }

    /**
     * Discards the unread rest of a body, so that a client that is still sending sees the error and can reuse the connection. If
     * the rest does not arrive at once, the connection is marked to close, since a rejecting thread must not wait for a client.
     */
    public static void skipBody(Context context) {
        try {
            ServletInputStream in = context.req().getInputStream();
            byte[] unused = new byte[BLOCK];
            long skipped = 0;
            Long read = context.attribute(READ);
            long left = context.req().getContentLengthLong() - (read == null ? 0 : read); // negative for chunks
            for (int attempts = 0;
                    attempts < SKIP_ATTEMPTS && skipped < MOST_SKIPPED && skipped != left && !in.isFinished(); ) {
                if (in.available() > 0) {
                    skipped += in.read(unused, 0, Math.min(in.available(), BLOCK));
                } else {
                    Thread.sleep(SKIP_MILLIS);
                    attempts++;
                }
            }
            if (skipped != left && !in.isFinished()) {
                context.res().setHeader("connection", "close");
            }
        } catch (IOException e) {
            context.res().setHeader("connection", "close");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Writes a complete response, so that the server may be stopped when this returns. */
    public static void reply(Context context, int status, Object wire) {
        byte[] body = EventStream.JSON.toJson(wire).getBytes(StandardCharsets.UTF_8);
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

    /** Cancels work still in progress for the request, and releases its memory and its admission. */
    @Override
    public void close() {
        budget().cancel();
        client.stop();
        memory.close();
        if (admitted) {
            admission.leave();
        }
    }
}
