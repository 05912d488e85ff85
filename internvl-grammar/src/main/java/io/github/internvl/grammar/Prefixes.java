package io.github.internvl.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Alternatives that share their prefixes: {@code ab|ac} as {@code a(b|c)}. A byte then leaves one reading, however long the list.
 * Expressions with the same suffix are one object, so that a list of texts becomes a graph without repeated parts.
 */
final class Prefixes {
    private Prefixes() {}

    /** The same alternatives, no two of which begin with the same expression. */
    static Set<Expr> shared(Exprs exprs, Set<Expr> ways) {
        Map<Expr, List<Expr>> groups = new LinkedHashMap<>();
        ways.forEach(way -> groups.computeIfAbsent(first(exprs, way), fresh -> new ArrayList<>(1))
                .add(way));
        if (groups.size() == ways.size()) {
            return ways;
        }
        Set<Expr> few = new LinkedHashSet<>();
        groups.values().forEach(group -> few.add(group.size() == 1 ? group.get(0) : joined(exprs, group)));
        return few;
    }

    /** Alternatives that begin with the same expression, as that expression and what follows. */
    private static Expr joined(Exprs exprs, List<Expr> group) {
        List<Expr> beginning = new ArrayList<>();
        List<Expr> rests = group;
        Expr first = first(exprs, group.get(0));
        while (first != exprs.empty && haveFirst(exprs, rests, first)) {
            beginning.add(first);
            rests = rests.stream().map(way -> rest(exprs, way)).toList();
            exprs.charge(rests.size());
            first = first(exprs, rests.get(0));
        }
        Expr expr = exprs.choice(rests);
        for (int i = beginning.size() - 1; i >= 0; i--) {
            expr = exprs.sequence(beginning.get(i), expr);
        }
        return expr;
    }

    private static boolean haveFirst(Exprs exprs, List<Expr> ways, Expr first) {
        return ways.stream().allMatch(way -> first(exprs, way) == first);
    }

    private static Expr first(Exprs exprs, Expr way) {
        Expr first = way;
        while (first instanceof Expr.Sequence sequence) {
            first = sequence.head;
        }
        return first instanceof Expr.Text text ? exprs.text(text.bytes, text.from, text.from + 1) : first;
    }

    private static Expr rest(Exprs exprs, Expr way) {
        if (way instanceof Expr.Text text) {
            return exprs.text(text.bytes, text.from + 1, text.to);
        }
        return way instanceof Expr.Sequence sequence
                ? exprs.sequence(rest(exprs, sequence.head), sequence.tail)
                : exprs.empty;
    }

    /** Any of some texts, in UTF-8: a tree over the places where they part. */
    static Expr texts(Exprs exprs, Collection<String> texts) {
        byte[][] sorted = texts.stream()
                .map(text -> text.getBytes(StandardCharsets.UTF_8))
                .sorted(Arrays::compareUnsigned)
                .toArray(byte[][]::new);
        Deque<Node> open = new ArrayDeque<>(List.of(new Node(0))); // deepest first
        for (int i = 0; i < sorted.length; i++) {
            byte[] text = sorted[i];
            int shared = i + 1 < sorted.length ? Arrays.mismatch(text, sorted[i + 1]) : 0;
            if (shared < 0) {
                continue; // it comes twice
            }
            if (shared > open.element().depth) {
                open.push(new Node(shared));
            }
            open.element().add(exprs, text, text.length, exprs.empty);
            while (open.element().depth > shared) {
                Node closed = open.pop();
                if (open.element().depth < shared) {
                    open.push(new Node(shared));
                }
                open.element().add(exprs, text, closed.depth, closed.expr(exprs));
            }
        }
        return open.element().expr(exprs);
    }

    /** Where texts that begin alike part: bytes by what follows them. */
    private static final class Node {
        private final int depth;
        private final Map<Expr, long[]> next = new LinkedHashMap<>();
        private boolean ends;

        Node(int depth) {
            this.depth = depth;
        }

        /** Adds a text up to a place, and what follows there. */
        void add(Exprs exprs, byte[] text, int to, Expr rest) {
            if (to == depth) {
                ends = true;
                return;
            }
            int b = text[depth] & 0xFF;
            Expr after = exprs.sequence(exprs.text(text, depth + 1, to), rest);
            next.computeIfAbsent(after, fresh -> new long[4])[b >> 6] |= 1L << b;
        }

        Expr expr(Exprs exprs) {
            List<Expr> ways = new ArrayList<>();
            next.forEach((rest, bytes) ->
                    ways.add(exprs.sequence(exprs.bytes(bytes[0], bytes[1], bytes[2], bytes[3]), rest)));
            if (ends) {
                ways.add(exprs.empty);
            }
            return exprs.choice(ways);
        }
    }
}
