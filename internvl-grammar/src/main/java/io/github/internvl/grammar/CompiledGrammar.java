package io.github.internvl.grammar;

import io.github.internvl.grammar.Automaton.State;
import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A grammar compiled for a vocabulary, with the automaton states computed so far. Several answers may share it; one thread at a
 * time computes with it. Thread-safe.
 */
public final class CompiledGrammar {
    private static final int EXPR_BYTES = 60;

    private final Vocabulary vocabulary;
    private final Exprs exprs;
    private final Automaton automaton;
    private final Expr character;
    private final long exprBytes;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile long weight;
    private final Step start;

    /** Takes an expression, and computes the tokens that may come first. */
    CompiledGrammar(Vocabulary vocabulary, Exprs exprs, Expr root, Expr character, long mostBytes) {
        this.vocabulary = vocabulary;
        this.exprs = exprs;
        this.exprBytes = (long) EXPR_BYTES * root.size();
        exprs.forget(); // most of which were intermediate
        this.automaton = new Automaton(exprs, root, mostBytes);
        this.character = character;
        State first = automaton.start();
        this.start = new Step(first, vocabulary.allowed(automaton, first, character));
        this.weight = exprBytes + automaton.weight();
    }

    /** The state of an answer after some tokens, and the tokens that may follow. Immutable. */
    public static final class Step {
        private final State state;
        private final long[] allowed; // a bit per token

        private Step(State state, long[] allowed) {
            this.state = state;
            this.allowed = allowed;
        }

        /** Sets the logits of all tokens that may not follow to negative infinity. */
        public void mask(float[] logits) {
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

    /** The step of an empty answer. */
    public Step start() {
        return start;
    }

    /**
     * The step after one more token; null if another thread computes with this grammar for longer than the caller waits.
     *
     * @param meter is charged for the work, and ends it by throwing
     * @param patience the longest wait in nanoseconds; 0 for none
     * @throws GrammarException if the text so far can be read in too many ways
     */
    public @Nullable Step after(Step step, int token, Meter meter, long patience) {
        if (!isLocked(patience)) {
            return null;
        }
        Meter before = exprs.chargeTo(meter);
        try {
            State state = automaton.next(step.state, vocabulary.bytes(token));
            long[] known = state.mask;
            return new Step(state, known != null ? known : vocabulary.allowed(automaton, state, character));
        } finally {
            exprs.chargeTo(before);
            weight = exprBytes + automaton.weight();
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

    /** The memory that it takes, in bytes, approximately; never waits. */
    public long weight() {
        return weight;
    }
}
