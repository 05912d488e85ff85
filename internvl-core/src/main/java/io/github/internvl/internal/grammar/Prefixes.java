package io.github.internvl.internal.grammar;

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
 * Alternatives that share their beginnings: {@code ab|ac} as {@code a(b|c)}. A byte then leaves one way to read on, however
 * long the list. Terms with the same ending are one object, so that a list of texts becomes a graph without double parts.
 */
final class Prefixes {
    private Prefixes() {}

    /** The same alternatives, no two of which begin with the same term. */
    static Set<Term> shared(Terms terms, Set<Term> ways) {
        Map<Term, List<Term>> groups = new LinkedHashMap<>();
        ways.forEach(way -> groups.computeIfAbsent(first(terms, way), fresh -> new ArrayList<>(1))
                .add(way));
        if (groups.size() == ways.size()) {
            return ways;
        }
        Set<Term> few = new LinkedHashSet<>();
        groups.values().forEach(group -> few.add(group.size() == 1 ? group.get(0) : joined(terms, group)));
        return few;
    }

    /** Alternatives that begin with the same term, as that term and what follows. */
    private static Term joined(Terms terms, List<Term> group) {
        List<Term> beginning = new ArrayList<>();
        List<Term> rests = group;
        Term first = first(terms, group.get(0));
        while (first != terms.empty && haveFirst(terms, rests, first)) {
            beginning.add(first);
            rests = rests.stream().map(way -> rest(terms, way)).toList();
            terms.charge(rests.size());
            first = first(terms, rests.get(0));
        }
        Term term = terms.choice(rests);
        for (int i = beginning.size() - 1; i >= 0; i--) {
            term = terms.sequence(beginning.get(i), term);
        }
        return term;
    }

    private static boolean haveFirst(Terms terms, List<Term> ways, Term first) {
        return ways.stream().allMatch(way -> first(terms, way) == first);
    }

    private static Term first(Terms terms, Term way) {
        Term first = way;
        while (first instanceof Term.Sequence sequence) {
            first = sequence.head;
        }
        return first instanceof Term.Text text ? terms.text(text.bytes, text.from, text.from + 1) : first;
    }

    private static Term rest(Terms terms, Term way) {
        if (way instanceof Term.Text text) {
            return terms.text(text.bytes, text.from + 1, text.to);
        }
        return way instanceof Term.Sequence sequence
                ? terms.sequence(rest(terms, sequence.head), sequence.tail)
                : terms.empty;
    }

    /** Any of some texts, in UTF-8: a tree over the places where they part. */
    static Term texts(Terms terms, Collection<String> texts) {
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
            open.element().add(terms, text, text.length, terms.empty);
            while (open.element().depth > shared) {
                Node closed = open.pop();
                if (open.element().depth < shared) {
                    open.push(new Node(shared));
                }
                open.element().add(terms, text, closed.depth, closed.term(terms));
            }
        }
        return open.element().term(terms);
    }

    /** Where texts that begin alike part: bytes by what follows them. */
    private static final class Node {
        private final int depth;
        private final Map<Term, long[]> next = new LinkedHashMap<>();
        private boolean ends;

        Node(int depth) {
            this.depth = depth;
        }

        /** Adds a text up to a place, and what follows there. */
        void add(Terms terms, byte[] text, int to, Term rest) {
            if (to == depth) {
                ends = true;
                return;
            }
            int b = text[depth] & 0xFF;
            Term after = terms.sequence(terms.text(text, depth + 1, to), rest);
            next.computeIfAbsent(after, fresh -> new long[4])[b >> 6] |= 1L << b;
        }

        Term term(Terms terms) {
            List<Term> ways = new ArrayList<>();
            next.forEach((rest, bytes) ->
                    ways.add(terms.sequence(terms.bytes(bytes[0], bytes[1], bytes[2], bytes[3]), rest)));
            if (ends) {
                ways.add(terms.empty);
            }
            return terms.choice(ways);
        }
    }
}
