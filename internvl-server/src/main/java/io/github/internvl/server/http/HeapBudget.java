package io.github.internvl.server.http;

import io.github.internvl.RequestBudget;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** The heap budget of all requests and their pictures together. Thread-safe. */
public final class HeapBudget {
    private static final Duration SOON = Duration.ofSeconds(2);

    private final long bytes;
    private final AtomicLong used = new AtomicLong();

    /** Creates a budget of {@code bytes} for all requests together. */
    public HeapBudget(long bytes) {
        this.bytes = bytes;
    }

    /** Opens the share of one request, which closes it; the share carries the request's work budget. */
    public Share share(RequestBudget budget) {
        return new Share(budget);
    }

    /** The bytes reserved at present. */
    public long used() {
        return used.get();
    }

    /** The reservations of one request; used by its own thread. */
    public final class Share implements AutoCloseable {
        private final RequestBudget budget;
        private long reserved;
        private long body;

        private Share(RequestBudget budget) {
            this.budget = budget;
        }

        /** The request's work budget. */
        public RequestBudget budget() {
            return budget;
        }

        /** Reserves more bytes, or rejects the request. */
        public void reserve(long more) {
            if (more > bytes - reserved) {
                throw ApiException.status(
                        413,
                        "request_too_large",
                        "the request needs " + (reserved + more)
                                + " bytes of memory at once, and the server's limit is " + bytes
                                + "; send smaller or fewer pictures");
            }
            if (used.addAndGet(more) > bytes) {
                used.addAndGet(-more);
                throw ApiException.tooManyRequests(
                        "server_busy", "other requests hold the server's memory for pictures; retry later", SOON);
            }
            reserved += more;
        }

        /** Releases part of the reservation. */
        public void release(long back) {
            used.addAndGet(-back);
            reserved -= back;
        }

        /** Reserves more bytes for the body, until {@link #releaseBody}. */
        public void reserveForBody(long more) {
            reserve(more);
            body += more;
        }

        /** Releases part of the body's reservation. */
        public void releaseForBody(long back) {
            release(back);
            body -= back;
        }

        /** Releases the body's reservation, once the request holds its pictures and texts instead. */
        public void releaseBody() {
            releaseForBody(body);
        }

        @Override
        public void close() {
            release(reserved);
        }
    }
}
