package io.github.internvl.internal.grammar;

import io.github.internvl.InternVLException;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The deterministic automaton of a term, made as far as it is asked for. States that were made are kept up to a number, then
 * all are forgotten; those in use go on. Not thread-safe.
 */
final class Automaton {
    private static final int USUAL_STATES = 4096;
    private static final int MOST_WAYS = 4096;

    /** What may follow some bytes. */
    static final class State {
        final Set<Term> terms;
        final boolean accepts;
        private final @Nullable State[] next = new State[256];
        private @Nullable State clamped;

        /** The tokens that may follow, once they are known. */
        long @Nullable [] mask;

        /** Those of them with few bytes. */
        long @Nullable [] nearMask;

        private State(Set<Term> terms) {
            this.terms = terms;
            this.accepts = terms.stream().anyMatch(Term::nullable);
        }

        /** Whether nothing may follow and the bytes before are no string of the language either. */
        boolean isDead() {
            return terms.isEmpty();
        }
    }

    private final Terms terms;
    private final Term root;
    private final int mostStates;
    private final Map<Set<Term>, State> states = new HashMap<>();

    /** The automaton of a term that is read for long. */
    Automaton(Terms terms, Term root) {
        this(terms, root, USUAL_STATES);
    }

    /** The automaton of a term that keeps so many states. */
    Automaton(Terms terms, Term root, int mostStates) {
        this.terms = terms;
        this.root = root;
        this.mostStates = mostStates;
    }

    /** The state before the first byte. */
    State start() {
        return state(Set.of(root));
    }

    /** The state after one more byte. */
    State next(State state, int b) {
        State next = state.next[b];
        if (next == null) {
            Set<Term> remains = new LinkedHashSet<>();
            for (Term term : state.terms) {
                term.derive(b, terms.empty, terms, remains);
            }
            next = state(remains);
            state.next[b] = next;
        }
        return next;
    }

    /** The state after some bytes. */
    State next(State state, byte[] bytes) {
        State last = state;
        for (int i = 0; i < bytes.length && !last.isDead(); i++) {
            last = next(last, bytes[i] & 0xFF);
        }
        return last;
    }

    /** A state that {@link Terms#HORIZON} bytes cannot tell from this one, the same for many. */
    State clamped(State state) {
        State clamped = state.clamped;
        if (clamped == null) {
            Set<Term> each = new LinkedHashSet<>();
            state.terms.forEach(term -> each.add(term.clamped()));
            clamped = state(each);
            state.clamped = clamped;
        }
        return clamped;
    }

    /** Whether a string is in the language. */
    boolean accepts(byte[] string) {
        return next(start(), string).accepts;
    }

    /** Forgets all states and their masks. */
    void forget() {
        states.clear();
        terms.forget();
    }

    private State state(Set<Term> several) {
        Set<Term> flat = terms.flat(several);
        State known = states.get(flat);
        if (known == null) {
            if (flat.size() > MOST_WAYS) {
                throw new InternVLException("the format can be read in more than " + MOST_WAYS
                        + " ways at once; write its repetitions so that they cannot be taken for one another");
            }
            if (states.size() >= mostStates) {
                forget();
            }
            known = new State(flat);
            states.put(flat, known);
        }
        return known;
    }
}
