package io.github.internvl.internal.format;

import io.github.internvl.InvalidRequestException;
import io.github.internvl.LogitsProcessor;
import io.github.internvl.grammar.CompiledGrammar;
import io.github.internvl.grammar.CompiledGrammar.Step;
import io.github.internvl.grammar.GrammarException;
import io.github.internvl.grammar.Meter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The mask of a format: it forbids tokens that would leave it. The state of an answer follows from its tokens alone; the two used
 * last of each branch are kept, so that an answer that grows by a token takes a step, whichever branch or beam it comes from, and
 * however long the others are: branches that end their thinking at different steps differ in length.
 *
 * <p>The mask takes microseconds where the state is known, some milliseconds where it is new, and seconds for formats made to be
 * slow. The caller's thread tries for half a millisecond ({@link #isReady}); longer work continues on another thread, up to a limit
 * for each step and each request, and until the answer ends ({@link #end}). Used by one thread.
 */
public final class FormatRule implements LogitsProcessor {
    static final long INLINE_STEPS = 4_000; // half a millisecond of the engine's thread
    static final long MOST_STEPS = 4_000_000;
    static final long MOST_STEPS_OF_ALL = 100_000_000;

    private static final long PATIENCE_NANOS = 10_000_000; // for another request's step, before others come first

    private record Place(int[] ids, CompletableFuture<Step> step) {}

    private final CompiledGrammar grammar;
    private final Executor elsewhere;
    private final AtomicLong spent = new AtomicLong();
    private final int mostPlaces;
    private final List<Place> places = new ArrayList<>(); // used last comes last
    private @Nullable Throwable failure; // of the engine's thread, where a place could not be made
    private volatile boolean ended;

    /**
     * A rule for the answers of one request.
     *
     * @param branches the most answers or beams at once
     */
    FormatRule(CompiledGrammar grammar, int branches, Executor elsewhere) {
        this.grammar = grammar;
        this.mostPlaces = 2 * branches;
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

    /** Ends the work when its result is not needed any more. It may be called from any thread, repeatedly. */
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
            place(generated).step().join().mask(logits);
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
        Place known = used(generated, generated.length);
        if (known != null) {
            return known;
        }
        Step before = before(generated);
        Place place = new Place(generated, new CompletableFuture<>());
        if (places.size() == mostPlaces) {
            places.remove(0);
        }
        places.add(place);
        start(place, before);
        return place;
    }

    /** The place after the first tokens of an answer, if it is kept. */
    private @Nullable Place used(int[] generated, int length) {
        for (int i = places.size() - 1; i >= 0; i--) {
            if (Arrays.equals(places.get(i).ids(), 0, places.get(i).ids().length, generated, 0, length)) {
                Place place = places.remove(i);
                places.add(place);
                return place;
            }
        }
        return null;
    }

    /** The step before the last token of an answer, where it is remembered. */
    private @Nullable Step before(int[] generated) {
        Place place = generated.length == 0 ? null : used(generated, generated.length - 1);
        return place != null && place.step().isDone() && !place.step().isCompletedExceptionally()
                ? place.step().join()
                : null;
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
        try {
            for (int i = before == null ? 0 : ids.length - 1; i < ids.length && step != null; i++) {
                step = grammar.after(step, ids[i], meter, patience);
            }
        } catch (GrammarException e) {
            throw new InvalidRequestException(String.valueOf(e.getMessage()));
        }
        return step;
    }
}
