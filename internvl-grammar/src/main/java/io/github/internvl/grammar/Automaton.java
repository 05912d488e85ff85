package io.github.internvl.grammar;

import io.github.internvl.grammar.Expr.Horizon;
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
 * The deterministic automaton of an expression, built lazily. Not thread-safe.
 *
 * <p><b>States.</b> A state is a set of expressions: the different readings of the bytes so far, each as the expression that may
 * still follow. The state after a byte is the set of the partial derivatives (Antimirov's) of its expressions by that byte.
 * Nothing is built in advance: an answer visits few of the states that a grammar has, and most grammars have more states than
 * fit into memory.
 *
 * <p><b>Readings.</b> A byte costs one step per expression in the state, so their number is kept small. Alternatives share their
 * prefixes ({@link Prefixes}), hence fifty thousand choices are one expression after the first byte. Repetitions of the same
 * body before the same tail are merged where their counts touch: {@code x{2,5}|x{6}} is {@code x{2,6}}. Some expressions need
 * many readings all the same: {@code .*a.{500}} over a text with several {@code a} has to remember the place of each. A state
 * of more than {@link #MOST_READINGS} is rejected.
 *
 * <p><b>Clamping.</b> A counter of ten thousand makes ten thousand states, but the mask of allowed tokens hardly depends on it: no
 * token is longer than {@link Horizon#FAR} bytes, and almost none is longer than {@link Horizon#NEAR}. {@link #clamped} replaces
 * a counter beyond a horizon by "many". All states that differ in such counters only have the same clamped state, and with it
 * the same mask. A mask is computed at the near horizon first, then corrected for the few longer tokens at the far one.
 *
 * <p><b>Bounds.</b> States, expressions and masks are counted in bytes as they are made. Above a limit all of them are dropped:
 * the state of an answer stays valid, because it holds its expressions, and its successors are computed again. The memory of a
 * grammar is thus bounded for any answers, at the price of time. Time is bounded by the {@link Meter} of the expressions, which
 * is charged a step for each expression read over a byte. An {@link Intersection} compares states by identity and must not drop
 * them; its meter bounds its memory as well.
 */
final class Automaton {
    /** The most ways to read the bytes so far. */
    static final int MOST_READINGS = 1 << 16;

    private static final int STATE_BYTES = 150;
    private static final int NEXT_BYTES = 1040;
    private static final int READING_BYTES = 8;
    private static final int EXPR_BYTES = 120;

    /** The language that may follow some bytes. */
    static final class State {
        final Set<Expr> exprs;
        final boolean accepts;
        private @Nullable State @Nullable [] next;
        private @Nullable State near;
        private @Nullable State far;

        /** The tokens that may follow, once they are known. */
        volatile long @Nullable [] mask;

        /** The ones of them with few bytes. */
        long @Nullable [] nearMask;

        private State(Set<Expr> exprs) {
            this.exprs = exprs;
            this.accepts = exprs.stream().anyMatch(Expr::nullable);
        }

        /** Whether the bytes so far are neither a string of the language nor a prefix of one. */
        boolean isDead() {
            return exprs.isEmpty();
        }

        private void forget() {
            next = null;
            near = null;
            far = null;
        }
    }

    private record Counted(Expr body, Expr tail) {}

    private final Exprs exprs;
    private final Expr root;
    private final long mostBytes;
    private final Map<Set<Expr>, State> states = new HashMap<>();
    private long bytes;

    /** The automaton of an expression that never drops a state. */
    Automaton(Exprs exprs, Expr root) {
        this(exprs, root, Long.MAX_VALUE);
    }

    /** The automaton of an expression that drops its states above {@code mostBytes} of memory. */
    Automaton(Exprs exprs, Expr root, long mostBytes) {
        this.exprs = exprs;
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
            exprs.charge(state.exprs.size());
            Set<Expr> remains = new LinkedHashSet<>();
            for (Expr expr : state.exprs) {
                expr.derive(b, exprs.empty, exprs, remains);
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

    /** The state with its counters clamped at a horizon, which many states share. */
    State clamped(State state, Horizon horizon) {
        State known = horizon == Horizon.NEAR ? state.near : state.far;
        if (known == null) {
            exprs.charge(state.exprs.size());
            Set<Expr> each = new LinkedHashSet<>();
            state.exprs.forEach(expr -> each.add(expr.clamped(horizon, exprs)));
            known = each.equals(state.exprs) ? state : state(each);
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

    /** The memory of states, expressions and masks in bytes, approximately. */
    long weight() {
        return bytes + (long) EXPR_BYTES * exprs.size();
    }

    /** Adds a mask to the memory of the states. */
    void keeps(long[] mask) {
        bytes += (long) Long.BYTES * mask.length;
    }

    /** Charges work beside that of states. */
    void charge(long steps) {
        exprs.charge(steps);
    }

    private void forget() {
        states.values().forEach(State::forget);
        states.clear();
        exprs.forget();
        bytes = 0;
    }

    private State state(Set<Expr> several) {
        Set<Expr> flat = united(several);
        State known = states.get(flat);
        if (known == null) {
            if (flat.size() > MOST_READINGS) {
                throw new UnsupportedGrammarException("the format can be read in more than " + MOST_READINGS
                        + " ways at once; write its repetitions so that they cannot be taken for one another");
            }
            if (weight() > mostBytes) {
                forget();
            }
            known = new State(Set.copyOf(flat));
            states.put(known.exprs, known);
            bytes += STATE_BYTES + (long) READING_BYTES * flat.size();
        }
        return known;
    }

    /** The expressions without choices, and with one repetition for those whose counts touch. */
    private Set<Expr> united(Set<Expr> several) {
        Set<Expr> flat = new LinkedHashSet<>();
        Map<Counted, List<Expr.Repeat>> counters = new LinkedHashMap<>();
        for (Expr expr : several) {
            for (Expr way : expr instanceof Expr.Choice choice ? choice.ways : List.of(expr)) {
                Expr head = way instanceof Expr.Sequence sequence ? sequence.head : way;
                if (several.size() > 1 && head instanceof Expr.Repeat repeat) {
                    Expr tail = way instanceof Expr.Sequence sequence ? sequence.tail : exprs.empty;
                    counters.computeIfAbsent(new Counted(repeat.body, tail), fresh -> new ArrayList<>(1))
                            .add(repeat);
                } else {
                    flat.add(way);
                }
            }
        }
        counters.forEach((counted, repeats) -> {
            for (Expr repeat : united(repeats)) {
                flat.add(exprs.sequence(repeat, counted.tail()));
            }
        });
        return flat;
    }

    /** Repetitions of one body, those united whose counts touch. */
    private List<Expr> united(List<Expr.Repeat> repeats) {
        if (repeats.size() == 1) {
            return List.copyOf(repeats);
        }
        repeats.sort(Comparator.comparingInt(repeat -> repeat.min));
        List<Expr> few = new ArrayList<>();
        int min = repeats.get(0).min;
        int max = repeats.get(0).max;
        for (Expr.Repeat repeat : repeats) {
            if (repeat.min - 1L > max) {
                few.add(exprs.repeat(repeat.body, min, max));
                min = repeat.min;
                max = repeat.max;
            } else {
                max = Math.max(max, repeat.max);
            }
        }
        few.add(exprs.repeat(repeats.get(0).body, min, max));
        return few;
    }
}
