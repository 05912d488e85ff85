package io.github.internvl.internal.grammar;

import io.github.internvl.internal.grammar.Term.Horizon;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The deterministic automaton of a term, made as far as it is asked for. Not thread-safe.
 *
 * <p><b>States.</b> A state is a set of terms: the different ways to read the bytes so far, each as what may still follow. The
 * state after a byte is the set of what each of its terms leaves after that byte (the derivatives of Antimirov). Nothing is
 * made beforehand: an answer visits few of the states that a format has, and most formats have more than fit into memory.
 *
 * <p><b>Readings.</b> The cost of a byte is the number of terms in the state, so that number is kept small. Alternatives share
 * their beginnings ({@link Prefixes}), hence fifty thousand choices are one term after the first byte. Repetitions of the same
 * body in front of the same ending are united where their counts touch: {@code x{2,5}|x{6}} is {@code x{2,6}}. An expression
 * such as {@code .*a.{500}} over a text with an {@code a} here and there, has to remember where each {@code a} was. A state
 * of more than {@link #MOST_READINGS} is refused.
 *
 * <p><b>Horizons.</b> A counter of ten thousand makes ten thousand states. The mask of a state does not depend on them: no
 * token is longer than {@link Horizon#FAR}, and almost none is longer than {@link Horizon#NEAR}. {@link #clamped} replaces
 * counters beyond a horizon by "many", which gives a state that all of them share, and with it the mask.
 *
 * <p><b>Bounds.</b> States, terms and masks are weighed in bytes as they are made. Above a bound all of them are forgotten:
 * the state that an answer is in stays valid, as its terms say all, and what follows is made again. So the memory of a format
 * is bounded whatever its answers are; only time is lost. Time is bounded by the {@link Meter} of the terms: each term of a
 * state that is read over a byte is a step. An {@link Intersection} compares states by identity and must not forget; its meter
 * bounds its memory as well.
 */
final class Automaton {
    /** The most ways to read the bytes so far. */
    static final int MOST_READINGS = 1 << 16;

    private static final int STATE_BYTES = 150;
    private static final int NEXT_BYTES = 1040;
    private static final int READING_BYTES = 8;
    private static final int TERM_BYTES = 120;

    /** The language that may follow some bytes. */
    static final class State {
        final Set<Term> terms;
        final boolean accepts;
        private @Nullable State @Nullable [] next;
        private @Nullable State near;
        private @Nullable State far;

        /** The tokens that may follow, once they are known. */
        volatile long @Nullable [] mask;

        /** The ones of them with few bytes. */
        long @Nullable [] nearMask;

        private State(Set<Term> terms) {
            this.terms = terms;
            this.accepts = terms.stream().anyMatch(Term::nullable);
        }

        /** Whether nothing may follow and the bytes before are no string of the language either. */
        boolean isDead() {
            return terms.isEmpty();
        }

        private void forget() {
            next = null;
            near = null;
            far = null;
        }
    }

    private record Counted(Term body, Term tail) {}

    private final Terms terms;
    private final Term root;
    private final long mostBytes;
    private final Map<Set<Term>, State> states = new HashMap<>();
    private long bytes;

    /** The automaton of a term that never forgets. */
    Automaton(Terms terms, Term root) {
        this(terms, root, Long.MAX_VALUE);
    }

    /** The automaton of a term that forgets what it has made whenever that takes more than so many bytes. */
    Automaton(Terms terms, Term root, long mostBytes) {
        this.terms = terms;
        this.root = root;
        this.mostBytes = mostBytes;
    }

    /** The state before the first byte. */
    State start() {
        return state(Set.of(root));
    }

    /** The state after one more byte. */
    State next(State state, int b) {
        @Nullable State[] known = state.next;
        if (known == null) {
            known = new State[256];
            state.next = known;
            bytes += NEXT_BYTES;
        }
        State next = known[b];
        if (next == null) {
            terms.charge(state.terms.size());
            Set<Term> remains = new LinkedHashSet<>();
            for (Term term : state.terms) {
                term.derive(b, terms.empty, terms, remains);
            }
            next = state(remains);
            known[b] = next;
        }
        return next;
    }

    /** The state after some bytes. */
    State next(State state, byte[] several) {
        State last = state;
        for (int i = 0; i < several.length && !last.isDead(); i++) {
            last = next(last, several[i] & 0xFF);
        }
        return last;
    }

    /** A state that the bytes up to a horizon cannot tell from this one, the same for many. */
    State clamped(State state, Horizon horizon) {
        State known = horizon == Horizon.NEAR ? state.near : state.far;
        if (known == null) {
            terms.charge(state.terms.size());
            Set<Term> each = new LinkedHashSet<>();
            state.terms.forEach(term -> each.add(term.clamped(horizon, terms)));
            known = each.equals(state.terms) ? state : state(each);
            if (horizon == Horizon.NEAR) {
                state.near = known;
            } else {
                state.far = known;
            }
        }
        return known;
    }

    /** Whether a string is in the language. */
    boolean accepts(byte[] string) {
        return next(start(), string).accepts;
    }

    /** Bytes of the states, terms and masks that are kept, about. */
    long weight() {
        return bytes + (long) TERM_BYTES * terms.size();
    }

    /** Weighs a mask that a state keeps from now on. */
    void keeps(long[] mask) {
        bytes += (long) Long.BYTES * mask.length;
    }

    /** Charges work beside that of states. */
    void charge(long steps) {
        terms.charge(steps);
    }

    private void forget() {
        states.values().forEach(State::forget);
        states.clear();
        terms.forget();
        bytes = 0;
    }

    private State state(Set<Term> several) {
        Set<Term> flat = united(several);
        State known = states.get(flat);
        if (known == null) {
            if (flat.size() > MOST_READINGS) {
                throw new UnsupportedFormatException("the format can be read in more than " + MOST_READINGS
                        + " ways at once; write its repetitions so that they cannot be taken for one another");
            }
            if (weight() > mostBytes) {
                forget();
            }
            known = new State(Set.copyOf(flat));
            states.put(known.terms, known);
            bytes += STATE_BYTES + (long) READING_BYTES * flat.size();
        }
        return known;
    }

    /** The terms without choices, and with one repetition for those whose counts touch. */
    private Set<Term> united(Set<Term> several) {
        Set<Term> flat = new LinkedHashSet<>();
        Map<Counted, List<Term.Repeat>> counters = new LinkedHashMap<>();
        for (Term term : several) {
            for (Term way : term instanceof Term.Choice choice ? choice.ways : List.of(term)) {
                Term head = way instanceof Term.Sequence sequence ? sequence.head : way;
                if (several.size() > 1 && head instanceof Term.Repeat repeat) {
                    Term tail = way instanceof Term.Sequence sequence ? sequence.tail : terms.empty;
                    counters.computeIfAbsent(new Counted(repeat.body, tail), fresh -> new ArrayList<>(1))
                            .add(repeat);
                } else {
                    flat.add(way);
                }
            }
        }
        counters.forEach((counted, repeats) -> {
            for (Term repeat : united(repeats)) {
                flat.add(terms.sequence(repeat, counted.tail()));
            }
        });
        return flat;
    }

    /** Repetitions of one body, those united whose counts touch. */
    private List<Term> united(List<Term.Repeat> repeats) {
        if (repeats.size() == 1) {
            return List.copyOf(repeats);
        }
        repeats.sort(Comparator.comparingInt(repeat -> repeat.min));
        List<Term> few = new ArrayList<>();
        int min = repeats.get(0).min;
        int max = repeats.get(0).max;
        for (Term.Repeat repeat : repeats) {
            if (repeat.min - 1L > max) {
                few.add(terms.repeat(repeat.body, min, max));
                min = repeat.min;
                max = repeat.max;
            } else {
                max = Math.max(max, repeat.max);
            }
        }
        few.add(terms.repeat(repeats.get(0).body, min, max));
        return few;
    }
}
