package io.github.internvl.internal.grammar;

import java.util.List;
import java.util.Set;

/**
 * A set of byte strings, said by how it is put together. {@link Terms} makes one object of each shape, so terms are compared
 * by identity. A term is read by derivatives (Brzozowski's, split into alternatives as Antimirov does): what may follow once
 * a byte has been taken off the front. What follows is a term again, and holds the brackets that are still open, so that
 * nested languages need no stack beside it.
 */
abstract class Term {
    /** Whether the empty string is in the set. */
    abstract boolean nullable();

    /** Adds what remains after a byte and then {@code rest}, one term for each way to take the byte. */
    abstract void derive(int next, Term rest, Terms terms, Set<Term> remains);

    /** A term that the next {@link Terms#HORIZON} bytes cannot tell from this one, the same for many. */
    Term clamped() {
        return this;
    }

    /** The terms that it is put together from. */
    List<Term> parts() {
        return List.of();
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

    /** A string of one term, then one of another. */
    static final class Sequence extends Term {
        final Term head;
        final Term tail;
        private final boolean nullable;
        private final Term clamped;

        Sequence(Term head, Term tail, Terms terms) {
            this.head = head;
            this.tail = tail;
            this.nullable = head.nullable() && tail.nullable();
            boolean same = head.clamped() == head && tail.clamped() == tail;
            this.clamped = same ? this : terms.sequence(head.clamped(), tail.clamped());
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
        Term clamped() {
            return clamped;
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
        private final Term clamped;

        Repeat(Term body, int min, int max, Terms terms) {
            this.body = body;
            this.min = min;
            this.max = max;
            int fewest = Math.min(min, Terms.HORIZON + 1);
            int most = max > Terms.HORIZON ? Terms.UNBOUNDED : max;
            this.clamped = fewest == min && most == max ? this : terms.repeat(body, fewest, most);
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
        Term clamped() {
            return clamped;
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
