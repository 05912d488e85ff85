package io.github.internvl.server.http;

import io.javalin.http.Context;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** Admission control: API keys, rate limit, concurrency, and shutdown. Thread-safe. */
public final class Admission {
    private static final Duration SOON = Duration.ofSeconds(1);
    private static final long MILLI = 1_000_000;

    private final String host;
    private final Limits limits;
    private final ApiKeys keys;
    private final RateLimit rate;
    private final Semaphore permits;
    private final BodyReadings bodies;
    private final boolean localOnly;
    private int begun;
    private volatile boolean closing;
    private volatile boolean closed;

    /** Creates the admission control of a server that listens on {@code host}; an empty list asks for no keys. */
    public Admission(String host, List<String> apiKeys, Limits limits) {
        this.host = host;
        this.limits = limits;
        this.keys = new ApiKeys(apiKeys);
        this.rate = new RateLimit(limits.requestsPerMinute(), System::nanoTime);
        this.permits = new Semaphore(limits.requests());
        this.bodies = new BodyReadings(limits.bodies());
        this.localOnly = keys.isEmpty() && isLoopback(host);
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("host must be an address of this machine: " + host, e);
        }
    }

    /** Whether the server has neither keys nor a loopback address, so that any machine that reaches it may use it. */
    public boolean isOpenToAll() {
        return keys.isEmpty() && !localOnly;
    }

    /** Rejects a request without a valid key, or without keys, one that names another host. */
    public void authorize(Context context) {
        if (localOnly && !isLocalName(context.host())) {
            throw ApiException.status(
                    403,
                    "unknown_host",
                    "this server serves its own machine only, and the Host header names another; if a proxy sent the"
                            + " request, start the server with API keys");
        }
        keys.check(context.header("authorization"));
    }

    /** DNS rebinding makes a foreign page's name resolve to this machine; its requests still carry that name in Host. */
    private boolean isLocalName(@Nullable String sent) {
        if (sent == null) {
            return false;
        }
        String name = sent.replaceFirst(":\\d+$", "").toLowerCase(Locale.ROOT);
        return name.equals("localhost")
                || name.equals("[::1]")
                || name.equals("0.0.0.0") // as the model cards write it
                || name.matches("127\\.\\d+\\.\\d+\\.\\d+")
                || name.equals(host.toLowerCase(Locale.ROOT));
    }

    /** Begins a request whose body is read next, or rejects it; {@link #end} ends it. */
    public synchronized void begin(Context context) {
        if (closing) {
            throw ApiException.unavailable("shutting_down", "the server is shutting down");
        }
        rate.count(keys.isEmpty() ? context.ip() : keys.name(context.header("authorization")));
        if (permits.availablePermits() == 0) {
            throw busy();
        }
        begun++;
    }

    /** Ends a request that {@link #begin} began. */
    public synchronized void end() {
        begun--;
        notifyAll();
    }

    /** Admits a request whose body has been read, or rejects it; {@link #leave} ends its admission. */
    void enter() {
        if (!permits.tryAcquire()) {
            throw busy();
        }
    }

    private ApiException busy() {
        return ApiException.tooManyRequests(
                "server_busy",
                "the server is answering " + limits.requests() + " requests, its limit; retry later",
                SOON);
    }

    void leave() {
        permits.release();
    }

    int active() {
        return limits.requests() - permits.availablePermits();
    }

    int reading() {
        return bodies.count();
    }

    BodyReadings bodies() {
        return bodies;
    }

    /** Whether new requests are accepted. */
    public boolean isOpen() {
        return !closing;
    }

    /** Whether admitted requests must end. */
    boolean isClosed() {
        return closed;
    }

    /** Ends an admitted request after the shutdown's grace period. */
    public void check() {
        if (closed) {
            throw ApiException.unavailable("shutting_down", "the server shut down before the request was finished");
        }
    }

    /** Stops admission, waits up to {@code patience} for requests in progress, and ends the rest. */
    public synchronized void close(Duration patience) {
        closing = true;
        long end = System.nanoTime() + patience.toNanos();
        try {
            for (long left = patience.toMillis(); begun > 0 && left > 0; left = (end - System.nanoTime()) / MILLI) {
                wait(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        closed = true;
    }
}
