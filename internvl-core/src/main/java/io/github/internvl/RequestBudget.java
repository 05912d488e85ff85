package io.github.internvl;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The work that one request may cause before the engine admits it: an amount of each kind of {@link Work}, and a deadline. Code
 * that reads, compiles, tokenizes or decodes for a request charges it as it goes and stops when it throws. Thread-safe.
 *
 * <p>A request without a budget of its own gets {@link #defaults()}. A budget serves one request; it counts up and never back.
 */
public final class RequestBudget {
    private static final Duration LONGEST = Duration.ofDays(365);
    private static final long PROBE_NANOS = 20_000_000;

    /** A kind of work, and how much of it a request may cause unless its budget says otherwise. */
    public enum Work {
        /** Values of JSON read from a request, 250,000: an object, an array, a text or a number each counts as one. */
        JSON_VALUES(250_000, "JSON values"),
        /** Steps of compiling an {@link OutputFormat}, 4,000,000: schemas visited, expressions and automaton states made. */
        FORMAT_STEPS(4_000_000, "format steps"),
        /** Characters handed to the tokenizer, 1,000,000: some 200,000 tokens of English. */
        CHARACTERS(1_000_000, "characters"),
        /** Pixels of pictures and frames decoded, 1,000,000,000: 32 pictures of 31 megapixels. */
        PIXELS(1_000_000_000, "pixels");

        private final long usual;
        private final String plural;

        Work(long usual, String plural) {
            this.usual = usual;
            this.plural = plural;
        }
    }

    private record Account(long limit, AtomicLong used) {}

    private final Map<Work, Account> accounts = new EnumMap<>(Work.class);
    private volatile @Nullable Long deadline;
    private final BooleanSupplier abandoned;
    private volatile boolean cancelled;
    private volatile long probed = System.nanoTime();

    private RequestBudget(Builder builder) {
        builder.limits.forEach((work, limit) -> accounts.put(work, new Account(limit, new AtomicLong())));
        this.deadline = builder.timeout == null ? null : builder.start + builder.timeout.toNanos();
        this.abandoned = builder.abandoned;
    }

    /** Makes a budget of the usual limits, without a deadline. */
    public static RequestBudget defaults() {
        return builder().build();
    }

    /** The budget of a request: its own, or one of the usual limits; it ends with the time that the request has from now on. */
    static RequestBudget of(@Nullable RequestBudget given, @Nullable Duration timeout) {
        RequestBudget own = given == null ? defaults() : given;
        if (timeout != null && timeout.compareTo(LONGEST) <= 0) {
            own.endBy(System.nanoTime() + timeout.toNanos());
        }
        return own;
    }

    private synchronized void endBy(long nanos) {
        Long end = deadline;
        deadline = end == null || nanos - end < 0 ? (Long) nanos : end;
    }

    /** Starts a budget from the usual limits; its time runs from this call on. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Charges some work, and ends it if the request was cancelled or its time is over.
     *
     * @param place the part of the request that the work is for, such as {@code response_format}
     * @throws ExceededException if the request has caused more work of this kind than it may, or its time is over
     * @throws CancellationException if it was cancelled
     */
    public void charge(Work work, long amount, String place) {
        Account account = Objects.requireNonNull(accounts.get(work), "work");
        long sum = account.used.addAndGet(amount);
        if (sum > account.limit || sum < 0) {
            throw new ExceededException(
                    work,
                    String.format(
                            Locale.ROOT,
                            "%s: a request may take at most %,d %s; ask for less",
                            place,
                            account.limit,
                            work.plural));
        }
        check(place);
    }

    /**
     * Ends the work if the request was cancelled or its time is over.
     *
     * @throws ExceededException if its time is over
     * @throws CancellationException if it was cancelled
     */
    public void check(String place) {
        long now = System.nanoTime();
        if (now - probed > PROBE_NANOS) {
            probed = now;
            if (abandoned.getAsBoolean()) {
                cancelled = true; // and never back: it may have been cancelled meanwhile
            }
        }
        if (cancelled) {
            throw new CancellationException("the request was cancelled");
        }
        Long end = deadline;
        if (end != null && now - end >= 0) {
            throw new ExceededException(
                    null,
                    place
                            + ": the time of the request was over before its answer began; ask for less, or allow more time");
        }
    }

    /** Cancels the request: the next charge throws. */
    public void cancel() {
        cancelled = true;
    }

    /** When its time is over, in {@link System#nanoTime} terms; empty for never. */
    public OptionalLong deadlineNanos() {
        Long end = deadline;
        return end == null ? OptionalLong.empty() : OptionalLong.of(end);
    }

    /** Collects limits. Not thread-safe. */
    public static final class Builder {
        private final long start = System.nanoTime();
        private final Map<Work, Long> limits = new EnumMap<>(Work.class);
        private @Nullable Duration timeout;
        private BooleanSupplier abandoned = () -> false;

        private Builder() {
            for (Work work : Work.values()) {
                limits.put(work, work.usual);
            }
        }

        /** Sets the most work of one kind. */
        public Builder limit(Work work, long most) {
            if (most < 1) {
                throw new IllegalArgumentException("a limit must be at least 1: " + most);
            }
            limits.put(work, most);
            return this;
        }

        /** Sets the time for everything, the answer included; longer than a year is without end. */
        public Builder timeout(Duration most) {
            if (most.isNegative() || most.isZero()) {
                throw new IllegalArgumentException("timeout must be longer than nothing: " + most);
            }
            this.timeout = most.compareTo(LONGEST) > 0 ? null : most;
            return this;
        }

        /**
         * Sets a probe that says whether the caller has left, such as a closed connection. It is asked from the thread that
         * charges, at most once in 20 ms.
         */
        public Builder abandonedWhen(BooleanSupplier probe) {
            this.abandoned = Objects.requireNonNull(probe, "probe");
            return this;
        }

        /** Makes the budget. */
        public RequestBudget build() {
            return new RequestBudget(this);
        }
    }

    /**
     * A request that would cause more work, or take more time, than its {@link RequestBudget} allows. The message names the place
     * and the limit. It is the request's fault: asking again needs a smaller request or a larger budget.
     */
    public static final class ExceededException extends InvalidRequestException {
        private static final long serialVersionUID = 1L;

        private final @Nullable Work work;

        /** Creates an exception for a rejected request; {@code work} is null if its time was over. */
        public ExceededException(@Nullable Work work, String message) {
            super(message);
            this.work = work;
        }

        /** The kind of work that exceeded its limit; empty if the time was over. */
        public Optional<Work> work() {
            return Optional.ofNullable(work);
        }
    }
}
