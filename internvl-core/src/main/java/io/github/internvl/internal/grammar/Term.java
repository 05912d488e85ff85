package io.github.internvl.internal.grammar;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A set of byte strings, said by how it is put together. {@link Terms} makes one object of each shape, so terms are compared
 * by identity. A term is read by derivatives (Brzozowski's, split into alternatives as Antimirov does): what may follow once
 * a byte has been taken off the front. The rest is a term again, and holds the brackets that are still open, so that
 * nested languages need no stack beside it.
 */
abstract class Term {
    /** How far ahead two terms are told apart: over the bytes of almost any token, or of any. */
    enum Horizon {
        NEAR(Terms.HORIZON),
        FAR(256);

        final int bytes;

        Horizon(int bytes) {
            this.bytes = bytes;
        }
    }

    private @Nullable Term near;
    private @Nullable Term far;

    /** Whether the empty string is in the set. */
    abstract boolean nullable();

    /** Adds what remains after a byte and then {@code rest}, one term for each way to take the byte. */
    abstract void derive(int next, Term rest, Terms terms, Set<Term> remains);

    /** Whether there is a counter at its front, or behind what stands there, that a horizon may clamp. */
    boolean counts() {
        return false;
    }

    /** A term that the next bytes up to a horizon cannot tell from this one, the same for many. */
    final Term clamped(Horizon horizon, Terms terms) {
        Deque<Sequence> open = new ArrayDeque<>();
        Term end = this;
        while (end instanceof Sequence sequence && end.counts() && end.known(horizon) == null) {
            open.push(sequence);
            end = sequence.tail;
        }
        Term clamped = end.known(horizon);
        if (clamped == null) {
            clamped = end instanceof Repeat repeat ? repeat.clampedTo(horizon, terms) : end;
            end.know(horizon, clamped);
        }
        for (Sequence sequence : open) {
            clamped = terms.sequence(sequence.head.clamped(horizon, terms), clamped);
            sequence.know(horizon, clamped);
        }
        return clamped;
    }

    final @Nullable Term known(Horizon horizon) {
        return !counts() ? this : horizon == Horizon.NEAR ? near : far;
    }

    final void know(Horizon horizon, Term clamped) {
        if (horizon == Horizon.NEAR) {
            near = clamped;
        } else {
            far = clamped;
        }
    }

    /** The terms that it is put together from. */
    List<Term> parts() {
        return List.of();
    }

    /** How many terms it is put together from, with all of their parts. */
    final int size() {
        Set<Term> reached = Collections.newSetFromMap(new IdentityHashMap<>()); // which takes least memory
        reached.add(this);
        Deque<Term> open = new ArrayDeque<>(reached);
        while (!open.isEmpty()) {
            for (Term part : open.remove().parts()) {
                if (reached.add(part)) {
                    open.add(part);
                }
            }
        }
        return reached.size();
    }

    /** The empty string alone. */
    static final class Empty extends Term {
        @Override
        boolean nullable() {
            return true;
        }

        @Override
        void derive(int next, Term rest, Terms terms, Set<Term> remains) {}
    }

    /** Strings of one byte; bit b of word w stands for the byte 64 w + b. */
    static final class Bytes extends Term {
        private final long[] words;

        Bytes(long... words) {
            this.words = words;
        }

        boolean contains(int b) {
            return (words[b >> 6] >>> b & 1) != 0;
        }

        long word(int index) {
            return words[index];
        }

        @Override
        boolean nullable() {
            return false;
        }

        @Override
        void derive(int next, Term rest, Terms terms, Set<Term> remains) {
            if (contains(next)) {
                remains.add(rest);
            }
        }
    }

    /** One string of two bytes or more: a part of an array that several share. */
    static final class Text extends Term {
        final byte[] bytes;
        final int from;
        final int to;

        Text(byte[] bytes, int from, int to) {
            this.bytes = bytes;
            this.from = from;
            this.to = to;
        }

        @Override
        boolean nullable() {
            return false;
        }

        @Override
        void derive(int next, Term rest, Terms terms, Set<Term> remains) {
            if ((bytes[from] & 0xFF) == next) {
                remains.add(terms.sequence(terms.text(bytes, from + 1, to), rest));
            }
        }
    }

    /** A string of one term, then one of another. */
    static final class Sequence extends Term {
        final Term head;
        final Term tail;
        private final boolean nullable;
        private final boolean counts;

        Sequence(Term head, Term tail) {
            this.head = head;
            this.tail = tail;
            this.nullable = head.nullable() && tail.nullable();
            this.counts = head.counts() || tail.counts();
        }

        @Override
        boolean nullable() {
            return nullable;
        }

        @Override
        void derive(int next, Term rest, Terms terms, Set<Term> remains) {
            boolean vain = head instanceof Bytes bytes && !bytes.contains(next);
            if (!vain) {
                head.derive(next, terms.sequence(tail, rest), terms, remains);
            }
            if (head.nullable()) {
                tail.derive(next, rest, terms, remains);
            }
        }

        @Override
        boolean counts() {
            return counts;
        }

        @Override
        List<Term> parts() {
            return List.of(head, tail);
        }
    }

    /** A string of any of several terms; of none, the empty set. */
    static final class Choice extends Term {
        final List<Term> ways;
        private final boolean nullable;

        Choice(List<Term> ways) {
            this.ways = ways;
            this.nullable = ways.stream().anyMatch(Term::nullable);
        }

        @Override
        boolean nullable() {
            return nullable;
        }

        @Override
        void derive(int next, Term rest, Terms terms, Set<Term> remains) {
            terms.charge(ways.size());
            for (Term way : ways) {
                way.derive(next, rest, terms, remains);
            }
        }

        @Override
        List<Term> parts() {
            return ways;
        }
    }

    /** Several strings of a term, one after the other. */
    static final class Repeat extends Term {
        final Term body;
        final int min;
        final int max;

        Repeat(Term body, int min, int max) {
            this.body = body;
            this.min = min;
            this.max = max;
        }

        @Override
        boolean nullable() {
            return min == 0;
        }

        @Override
        void derive(int next, Term rest, Terms terms, Set<Term> remains) {
            Term more = terms.repeat(body, Math.max(0, min - 1), max == Terms.UNBOUNDED ? max : max - 1);
            body.derive(next, terms.sequence(more, rest), terms, remains);
        }

        @Override
        boolean counts() {
            return min > Terms.HORIZON || (max > Terms.HORIZON && max < Terms.UNBOUNDED);
        }

        private Term clampedTo(Horizon horizon, Terms terms) {
            int most = max > horizon.bytes ? Terms.UNBOUNDED : max;
            return terms.repeat(body, Math.min(min, horizon.bytes + 1), most);
        }

        @Override
        List<Term> parts() {
            return List.of(body);
        }
    }

    /** A term by reference, for languages that contain themselves. It must not begin with itself. */
    static final class Rule extends Term {
        private final boolean nullable;
        Term body;

        Rule(boolean nullable, Term until) {
            this.nullable = nullable;
            this.body = until;
        }

        @Override
        boolean nullable() {
            return nullable;
        }

        @Override
        void derive(int next, Term rest, Terms terms, Set<Term> remains) {
            body.derive(next, rest, terms, remains);
        }

        @Override
        List<Term> parts() {
            return List.of(body);
        }
    }
}
