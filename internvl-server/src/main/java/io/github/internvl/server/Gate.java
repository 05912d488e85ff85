package io.github.internvl.server;

import io.javalin.http.Context;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** Admission control: keys, rate limit, concurrency, and shutdown. Thread-safe. */
final class Gate {
    private static final Duration SOON = Duration.ofSeconds(1);
    private static final int FEWEST_READINGS = 16;
    private static final long MILLI = 1_000_000;

    private final ServerOptions options;
    private final ApiKeys keys;
    private final RateLimit rate;
    private final Semaphore places;
    private final Readings readings;
    private final boolean ownMachineOnly;
    private int begun;
    private volatile boolean closing;
    private volatile boolean closed;

    Gate(ServerOptions options) {
        this.options = options;
        this.keys = new ApiKeys(options.apiKeys());
        this.rate = new RateLimit(options.requestsPerMinute(), System::nanoTime);
        this.places = new Semaphore(options.maxRequests());
        this.readings = new Readings(readings(options));
        this.ownMachineOnly = keys.isEmpty() && isLoopback(options.host());
    }

    /** How many bodies are read at once. */
    static int readings(ServerOptions options) {
        return Math.max(options.maxRequests(), FEWEST_READINGS);
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("host must be an address of this machine: " + host, e);
        }
    }

    /** Whether nobody but this machine can ask, and needs no key. */
    boolean isForOwnMachine() {
        return ownMachineOnly;
    }

    /** Lets a request pass that brings a key, where keys are asked for. */
    void admit(Context context) {
        if (ownMachineOnly && !isOwnName(context.host())) {
            throw Refusal.status(
                    403,
                    "unknown_host",
                    "this server is for this machine alone, and the request's Host is another one's; where a proxy sends"
                            + " it, start the server with API keys");
        }
        keys.check(context.header("authorization"));
    }

    /** A page of somebody else whose name was made to lead here (DNS rebinding) still has its own name in the Host. */
    private boolean isOwnName(@Nullable String host) {
        if (host == null) {
            return false;
        }
        String name = host.replaceFirst(":\\d+$", "").toLowerCase(Locale.ROOT);
        return name.equals("localhost")
                || name.equals("[::1]")
                || name.equals("0.0.0.0") // as the model cards write it
                || name.matches("127\\.\\d+\\.\\d+\\.\\d+")
                || name.equals(options.host().toLowerCase(Locale.ROOT));
    }

    /** Begins a request, whose body is read next, or refuses it; {@link #end} ends it. */
    synchronized void begin(Context context) {
        if (closing) {
            throw Refusal.unavailable("shutting_down", "the server is being shut down");
        }
        rate.count(keys.isEmpty() ? context.ip() : keys.name(context.header("authorization")));
        if (places.availablePermits() == 0) {
            throw full();
        }
        begun++;
    }

    synchronized void end() {
        begun--;
        notifyAll();
    }

    /** Takes a place for a request that has been read, which {@link #leave} gives back, or refuses it. */
    void enter() {
        if (!places.tryAcquire()) {
            throw full();
        }
    }

    private Refusal full() {
        return Refusal.tooMuch(
                "server_busy",
                "the server has " + options.maxRequests() + " requests to answer; send it again later",
                SOON);
    }

    void leave() {
        places.release();
    }

    /** Requests inside: read, and not answered yet. */
    int inside() {
        return options.maxRequests() - places.availablePermits();
    }

    /** Bodies that are being read, as many at once as requests may be inside, but never few. */
    Readings readings() {
        return readings;
    }

    boolean isOpen() {
        return !closing;
    }

    /** Whether requests that are still inside must end. */
    boolean isClosed() {
        return closed;
    }

    /** Ends a request that is still inside when patience is over. */
    void check() {
        if (closed) {
            throw Refusal.unavailable("shutting_down", "the server is being shut down; the request was not finished");
        }
    }

    /** Lets nobody in any more, waits so long for requests that have begun, and ends what is left. */
    synchronized void close(Duration patience) {
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
