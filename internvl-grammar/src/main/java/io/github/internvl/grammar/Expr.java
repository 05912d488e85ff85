package io.github.internvl.grammar;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A node of a regular expression over bytes: a set of byte strings. {@link Exprs} makes one object of each shape, so expressions
 * are compared by identity. An expression is read by derivatives (Brzozowski's, split into alternatives as Antimirov does): the
 * derivative by a byte is the set of strings that may follow it. It is an expression again, and holds the brackets that are
 * still open, so that nested languages need no stack beside it.
 */
abstract class Expr {
    /** A distance within which two expressions are told apart: the bytes of almost any token, or of any. */
    enum Horizon {
        NEAR(Exprs.HORIZON),
        FAR(256);

        final int bytes;

        Horizon(int bytes) {
            this.bytes = bytes;
        }
    }

    private @Nullable Expr near;
    private @Nullable Expr far;

    /** Whether the empty string is in the set. */
    abstract boolean nullable();

    /** Adds the derivatives by a byte, each followed by {@code rest}. */
    abstract void derive(int next, Expr rest, Exprs exprs, Set<Expr> remains);

    /** Whether there is a counter at its front, or behind what stands there, that a horizon may clamp. */
    boolean counts() {
        return false;
    }

    /** An expression that the next bytes up to a horizon cannot tell from this one, the same for many. */
    final Expr clamped(Horizon horizon, Exprs exprs) {
        Deque<Sequence> open = new ArrayDeque<>();
        Expr end = this;
        while (end instanceof Sequence sequence && end.counts() && end.known(horizon) == null) {
            open.push(sequence);
            end = sequence.tail;
        }
        Expr clamped = end.known(horizon);
        if (clamped == null) {
            clamped = end instanceof Repeat repeat ? repeat.clampedTo(horizon, exprs) : end;
            end.know(horizon, clamped);
        }
        for (Sequence sequence : open) {
            clamped = exprs.sequence(sequence.head.clamped(horizon, exprs), clamped);
            sequence.know(horizon, clamped);
        }
        return clamped;
    }

    final @Nullable Expr known(Horizon horizon) {
        return !counts() ? this : horizon == Horizon.NEAR ? near : far;
    }

    final void know(Horizon horizon, Expr clamped) {
        if (horizon == Horizon.NEAR) {
            near = clamped;
        } else {
            far = clamped;
        }
    }

    /** The expressions that it is put together from. */
    List<Expr> parts() {
        return List.of();
    }

    /** How many expressions it is put together from, with all of their parts. */
    final int size() {
        Set<Expr> reached = Collections.newSetFromMap(new IdentityHashMap<>()); // which takes least memory
        reached.add(this);
        Deque<Expr> open = new ArrayDeque<>(reached);
        while (!open.isEmpty()) {
            for (Expr part : open.remove().parts()) {
                if (reached.add(part)) {
                    open.add(part);
                }
            }
        }
        return reached.size();
    }

    /** The empty string alone. */
    static final class Empty extends Expr {
        @Override
        boolean nullable() {
            return true;
        }

        @Override
        void derive(int next, Expr rest, Exprs exprs, Set<Expr> remains) {}
    }

    /** Strings of one byte; bit b of word w stands for the byte 64 w + b. */
    static final class Bytes extends Expr {
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
        void derive(int next, Expr rest, Exprs exprs, Set<Expr> remains) {
            if (contains(next)) {
                remains.add(rest);
            }
        }
    }

    /** One string of two bytes or more: a part of an array that several share. */
    static final class Text extends Expr {
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
        void derive(int next, Expr rest, Exprs exprs, Set<Expr> remains) {
            if ((bytes[from] & 0xFF) == next) {
                remains.add(exprs.sequence(exprs.text(bytes, from + 1, to), rest));
            }
        }
    }

    /** A string of one expression, then one of another. */
    static final class Sequence extends Expr {
        final Expr head;
        final Expr tail;
        private final boolean nullable;
        private final boolean counts;

        Sequence(Expr head, Expr tail) {
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
        void derive(int next, Expr rest, Exprs exprs, Set<Expr> remains) {
            boolean vain = head instanceof Bytes bytes && !bytes.contains(next);
            if (!vain) {
                head.derive(next, exprs.sequence(tail, rest), exprs, remains);
            }
            if (head.nullable()) {
                tail.derive(next, rest, exprs, remains);
            }
        }

        @Override
        boolean counts() {
            return counts;
        }

        @Override
        List<Expr> parts() {
            return List.of(head, tail);
        }
    }

    /** A string of any of several expressions; of none, the empty set. */
    static final class Choice extends Expr {
        final List<Expr> ways;
        private final boolean nullable;

        Choice(List<Expr> ways) {
            this.ways = ways;
            this.nullable = ways.stream().anyMatch(Expr::nullable);
        }

        @Override
        boolean nullable() {
            return nullable;
        }

        @Override
        void derive(int next, Expr rest, Exprs exprs, Set<Expr> remains) {
            exprs.charge(ways.size());
            for (Expr way : ways) {
                way.derive(next, rest, exprs, remains);
            }
        }

        @Override
        List<Expr> parts() {
            return ways;
        }
    }

    /** Several strings of an expression, one after the other. */
    static final class Repeat extends Expr {
        final Expr body;
        final int min;
        final int max;

        Repeat(Expr body, int min, int max) {
            this.body = body;
            this.min = min;
            this.max = max;
        }

        @Override
        boolean nullable() {
            return min == 0;
        }

        @Override
        void derive(int next, Expr rest, Exprs exprs, Set<Expr> remains) {
            Expr more = exprs.repeat(body, Math.max(0, min - 1), max == Exprs.UNBOUNDED ? max : max - 1);
            body.derive(next, exprs.sequence(more, rest), exprs, remains);
        }

        @Override
        boolean counts() {
            return min > Exprs.HORIZON || (max > Exprs.HORIZON && max < Exprs.UNBOUNDED);
        }

        private Expr clampedTo(Horizon horizon, Exprs exprs) {
            int most = max > horizon.bytes ? Exprs.UNBOUNDED : max;
            return exprs.repeat(body, Math.min(min, horizon.bytes + 1), most);
        }

        @Override
        List<Expr> parts() {
            return List.of(body);
        }
    }

    /** An expression by reference, for languages that contain themselves. It must not begin with itself. */
    static final class Rule extends Expr {
        private final boolean nullable;
        Expr body;

        Rule(boolean nullable, Expr until) {
            this.nullable = nullable;
            this.body = until;
        }

        @Override
        boolean nullable() {
            return nullable;
        }

        @Override
        void derive(int next, Expr rest, Exprs exprs, Set<Expr> remains) {
            body.derive(next, rest, exprs, remains);
        }

        @Override
        List<Expr> parts() {
            return List.of(body);
        }
    }
}
