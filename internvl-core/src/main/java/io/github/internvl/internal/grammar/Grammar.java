package io.github.internvl.internal.grammar;

import io.github.internvl.internal.grammar.Automaton.State;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A format that has been compiled, with what is known of its states so far. Thread-safe: requests share it, and one at a time
 * computes with it.
 */
final class Grammar {
    /** A state, and the tokens that may follow in it, a bit each. */
    record Step(State state, long[] allowed) {}

    private static final int TERM_BYTES = 60;

    private final Lexicon lexicon;
    private final Terms terms;
    private final Automaton automaton;
    private final Term character;
    private final long termBytes;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile long weight;
    private final Step start;

    /**
     * Takes a format, and computes which tokens may come first.
     *
     * @param mostBytes when to forget states
     */
    Grammar(Lexicon lexicon, Terms terms, Term root, Term character, long mostBytes) {
        this.lexicon = lexicon;
        this.terms = terms;
        this.termBytes = (long) TERM_BYTES * root.size();
        terms.forget(); // most of which were only on the way to the root
        this.automaton = new Automaton(terms, root, mostBytes);
        this.character = character;
        State first = automaton.start();
        this.start = new Step(first, lexicon.allowed(automaton, first, character));
        this.weight = termBytes + automaton.weight();
    }

    /** The step of an empty answer. */
    Step start() {
        return start;
    }

    /**
     * The step after one more token; null if another thread computes with this format for longer than the caller waits.
     *
     * @param patience in nanoseconds; with 0 the caller never waits
     */
    @Nullable
    Step after(Step step, int id, Meter meter, long patience) {
        if (!isLocked(patience)) {
            return null;
        }
        Meter before = terms.chargeTo(meter);
        try {
            State state = automaton.next(step.state(), lexicon.bytes(id));
            long[] known = state.mask;
            return new Step(state, known != null ? known : lexicon.allowed(automaton, state, character));
        } finally {
            terms.chargeTo(before);
            weight = termBytes + automaton.weight();
            lock.unlock();
        }
    }

    private boolean isLocked(long patience) {
        try {
            return patience == 0 ? lock.tryLock() : lock.tryLock(patience, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("the thread was interrupted while it waited for a format");
        }
    }

    /** Bytes that it takes, about; never waits. */
    long weight() {
        return weight;
    }
}
