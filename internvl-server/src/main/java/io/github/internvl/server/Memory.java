package io.github.internvl.server;

import io.github.internvl.RequestBudget;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** The heap budget of all requests and their pictures together. Thread-safe. */
final class Memory {
    private static final Duration SOON = Duration.ofSeconds(2);

    private final long bytes;
    private final AtomicLong used = new AtomicLong();

    Memory(long bytes) {
        this.bytes = bytes;
    }

    /** Opens the share of one request, which closes it; the request's budget travels with it. */
    Share share(RequestBudget budget) {
        return new Share(budget);
    }

    long used() {
        return used.get();
    }

    /** The share of one request; used by its own thread. */
    final class Share implements AutoCloseable {
        private long taken;
        private long body;

        private final RequestBudget budget;

        private Share(RequestBudget budget) {
            this.budget = budget;
        }

        /** The work that the request may cause. */
        RequestBudget budget() {
            return budget;
        }

        /** Takes more, or refuses the request. */
        void take(long more) {
            if (more > bytes - taken) {
                throw Refusal.status(
                        413,
                        "request_too_large",
                        "the request needs " + (taken + more) + " bytes of memory at once, and this server gives "
                                + bytes + "; send smaller or fewer pictures");
            }
            if (used.addAndGet(more) > bytes) {
                used.addAndGet(-more);
                throw Refusal.tooMuch(
                        "server_busy", "the pictures of other requests take all memory; send it again later", SOON);
            }
            taken += more;
        }

        /** Takes more for the body itself, until it is forgotten. */
        void takeForBody(long more) {
            take(more);
            body += more;
        }

        /** Gives back some of what was taken for the body. */
        void giveForBody(long back) {
            give(back);
            body -= back;
        }

        /** Gives back what the body took, once all of it that counts has become pictures and texts. */
        void forgetBody() {
            giveForBody(body);
        }

        /** Gives back some of what was taken. */
        void give(long back) {
            used.addAndGet(-back);
            taken -= back;
        }

        @Override
        public void close() {
            give(taken);
        }
    }
}
