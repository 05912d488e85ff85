package io.github.internvl.internal.grammar;

import io.github.internvl.InvalidRequestException;
import io.github.internvl.LogitsProcessor;
import io.github.internvl.internal.grammar.Grammar.Step;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Forbids the tokens that would leave a format. The state of an answer follows from its tokens alone; those of the last two
 * lengths are remembered, so that an answer that grows by a token takes a step, whichever branch or beam it comes from.
 *
 * <p>Which tokens may follow takes microseconds where the state is known, some milliseconds where it is new, and seconds for
 * formats made to be slow. The caller's thread tries for half a millisecond ({@link #isReady}); what takes longer goes on
 * elsewhere, up to a bound for each step and each request, and until the answer ends ({@link #end}). Used by one thread.
 */
public final class FormatRule implements LogitsProcessor {
    static final long INLINE_STEPS = 4_000; // half a millisecond of the engine's thread
    static final long MOST_STEPS = 4_000_000;
    static final long MOST_STEPS_OF_ALL = 100_000_000;

    private static final long PATIENCE_NANOS = 10_000_000; // for another request's step, before others come first

    private record Place(int[] ids, CompletableFuture<Step> step) {}

    private final Grammar grammar;
    private final Executor elsewhere;
    private final AtomicLong spent = new AtomicLong();
    private List<Place> shorter = List.of();
    private List<Place> present = new ArrayList<>();
    private int length;
    private @Nullable Throwable failure; // of the engine's thread, where a place could not be made
    private volatile boolean ended;

    FormatRule(Grammar grammar, Executor elsewhere) {
        this.grammar = grammar;
        this.elsewhere = elsewhere;
    }

    /** Whether it is known which tokens may follow an answer; if not, it is computed on another thread from now on. */
    public boolean isReady(int[] generated) {
        try {
            return failure != null || place(generated).step().isDone();
        } catch (Throwable e) { // for want of memory; told by process
            failure = e;
            return true;
        }
    }

    /** Ends the work for the answer, as nobody wants it any more. From any thread, as often as you like. */
    public void end() {
        ended = true;
    }

    /**
     * Forbids tokens; waits for {@link #isReady}.
     *
     * @throws InvalidRequestException if the format takes more steps than a request may
     */
    @Override
    public void process(int[] generated, float[] logits) {
        try {
            rethrow(failure);
            forbid(place(generated).step().join().allowed(), logits);
        } catch (CompletionException e) {
            rethrow(e.getCause());
            throw e;
        }
    }

    private static void rethrow(@Nullable Throwable failure) {
        if (failure instanceof RuntimeException exception) {
            throw exception;
        }
        if (failure instanceof Error error) {
            throw error;
        }
    }

    private Place place(int[] generated) {
        if (generated.length != length) {
            shorter = generated.length == length + 1 ? present : List.of();
            present = new ArrayList<>();
            length = generated.length;
        }
        for (Place place : present) {
            if (Arrays.equals(place.ids(), generated)) {
                return place;
            }
        }
        Place place = new Place(generated, new CompletableFuture<>());
        present.add(place);
        start(place, before(generated));
        return place;
    }

    /** The step before the last token of an answer, where it is remembered. */
    private @Nullable Step before(int[] generated) {
        for (Place place : shorter) {
            if (Arrays.equals(place.ids(), 0, length - 1, generated, 0, length - 1)
                    && place.step().isDone()
                    && !place.step().isCompletedExceptionally()) {
                return place.step().join();
            }
        }
        return null;
    }

    private void start(Place place, @Nullable Step before) {
        try {
            Step step = quickly(place, before);
            if (step != null) {
                place.step().complete(step);
            } else {
                queue(place, before);
            }
        } catch (Throwable e) { // told by process
            place.step().completeExceptionally(e);
        }
    }

    private void queue(Place place, @Nullable Step before) {
        elsewhere.execute(new MaskTask(() -> finish(place, before), spent.get()));
    }

    /** The step, if it takes no longer than the caller has time for; else null. */
    private @Nullable Step quickly(Place place, @Nullable Step before) {
        try {
            return step(place.ids(), before, new StepLimit(INLINE_STEPS), 0);
        } catch (StepLimit.Reached | StackOverflowError e) {
            return null;
        }
    }

    private void finish(Place place, @Nullable Step before) {
        StepLimit limit = new StepLimit(Math.min(MOST_STEPS, MOST_STEPS_OF_ALL - spent.get()), () -> ended);
        try {
            limit.charge(0); // it may have waited long
            Step step = step(place.ids(), before, limit, PATIENCE_NANOS);
            if (step != null) {
                place.step().complete(step);
            } else {
                queue(place, before);
            }
        } catch (StepLimit.Reached | StackOverflowError e) {
            place.step()
                    .completeExceptionally(new InvalidRequestException("the format can be read in so many ways that the"
                            + " answer cannot be held to it in reasonable time; write its repetitions so that they cannot"
                            + " be taken for one another"));
        } catch (Throwable e) { // told by process
            place.step().completeExceptionally(e);
        } finally {
            spent.addAndGet(limit.taken());
        }
    }

    private @Nullable Step step(int[] ids, @Nullable Step before, Meter meter, long patience) {
        Step step = before == null ? grammar.start() : before;
        for (int i = before == null ? 0 : ids.length - 1; i < ids.length && step != null; i++) {
            step = grammar.after(step, ids[i], meter, patience);
        }
        return step;
    }

    private static void forbid(long[] allowed, float[] logits) {
        for (int first = 0; first < logits.length; first += Long.SIZE) {
            int word = first >> 6;
            long out = word < allowed.length ? ~allowed[word] : -1;
            if (out == -1) {
                Arrays.fill(logits, first, Math.min(first + Long.SIZE, logits.length), Float.NEGATIVE_INFINITY);
                continue;
            }
            while (out != 0) {
                int id = first + Long.numberOfTrailingZeros(out);
                if (id < logits.length) {
                    logits[id] = Float.NEGATIVE_INFINITY;
                }
                out &= out - 1;
            }
        }
    }
}
