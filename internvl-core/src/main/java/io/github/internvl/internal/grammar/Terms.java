package io.github.internvl.internal.grammar;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Makes terms, one object of each shape; what is equal by simple laws gets the same shape. Alternatives share their beginnings,
 * so that a long list of them is read one way at a time. Each new term is charged to a meter. Not thread-safe.
 */
final class Terms {
    /** How many bytes ahead counters are told apart. */
    static final int HORIZON = 16;

    /** As the most repetitions: any number. */
    static final int UNBOUNDED = Integer.MAX_VALUE;

    private static final int TERM_STEPS = 2; // for some 100 bytes until the format is compiled

    private record SequenceShape(Term head, Term tail) {}

    private record RepeatShape(Term body, int min, int max) {}

    private record ChoiceShape(Set<Term> ways) {}

    private record TextShape(byte[] bytes, int from, int to) {} // the same array, not an equal one

    private record BytesShape(long word0, long word1, long word2, long word3) {}

    final Term empty = new Term.Empty();
    final Term nothing = new Term.Choice(List.of());
    private final Map<Object, Term> pool = new HashMap<>();
    private final Map<String, byte[]> texts = new HashMap<>();
    private Meter meter;

    /** Makes no terms yet; those to come are charged to a meter. */
    Terms(Meter meter) {
        this.meter = meter;
    }

    /** Charges what follows to another meter; the one before comes back. */
    Meter chargeTo(Meter other) {
        Meter before = meter;
        meter = other;
        return before;
    }

    void charge(long steps) {
        meter.charge(steps);
    }

    /** Strings of one of some bytes, 64 bytes a word. */
    Term bytes(long word0, long word1, long word2, long word3) {
        if ((word0 | word1 | word2 | word3) == 0) {
            return nothing;
        }
        BytesShape shape = new BytesShape(word0, word1, word2, word3);
        return shaped(shape, () -> new Term.Bytes(word0, word1, word2, word3));
    }

    /** Strings of one of the bytes from one to another. */
    Term range(int first, int last) {
        long[] words = new long[4];
        for (int b = first; b <= last; b++) {
            words[b >> 6] |= 1L << b;
        }
        return bytes(words[0], words[1], words[2], words[3]);
    }

    /** Strings of one of some ASCII characters. */
    Term oneOf(String ascii) {
        return choice(ascii.chars().mapToObj(c -> range(c, c)).toList());
    }

    /** One text, in UTF-8. */
    Term literal(String text) {
        byte[] bytes = texts.computeIfAbsent(text, fresh -> fresh.getBytes(StandardCharsets.UTF_8));
        return text(bytes, 0, bytes.length);
    }

    /** One string: some bytes of an array. */
    Term text(byte[] bytes, int from, int to) {
        if (to - from < 2) {
            return from == to ? empty : range(bytes[from] & 0xFF, bytes[from] & 0xFF);
        }
        return shaped(new TextShape(bytes, from, to), () -> new Term.Text(bytes, from, to));
    }

    /** One term after the other. */
    Term sequence(Term... parts) {
        Term term = parts[parts.length - 1];
        for (int i = parts.length - 2; i >= 0; i--) {
            term = pair(parts[i], term);
        }
        return term;
    }

    private Term pair(Term head, Term tail) {
        if (head == nothing || tail == nothing) {
            return nothing;
        }
        if (head == empty || tail == empty) {
            return head == empty ? tail : head;
        }
        return shaped(new SequenceShape(head, tail), () -> new Term.Sequence(head, tail));
    }

    /** Any of some terms. */
    Term choice(Term... ways) {
        return choice(List.of(ways));
    }

    /** Any of some terms. */
    Term choice(Collection<Term> ways) {
        Set<Term> flat = new LinkedHashSet<>();
        long[] words = new long[4];
        for (Term way : ways) {
            for (Term one : way instanceof Term.Choice several ? several.ways : List.of(way)) {
                if (one instanceof Term.Bytes bytes) {
                    for (int i = 0; i < words.length; i++) {
                        words[i] |= bytes.word(i);
                    }
                } else {
                    flat.add(one);
                }
            }
        }
        Term single = bytes(words[0], words[1], words[2], words[3]);
        if (single != nothing) {
            flat.add(single);
        }
        charge(flat.size());
        Set<Term> few = Prefixes.shared(this, flat);
        if (few.size() < 2) {
            return few.isEmpty() ? nothing : few.iterator().next();
        }
        return shaped(new ChoiceShape(few), () -> new Term.Choice(List.copyOf(few)));
    }

    /** A term or nothing at all. */
    Term optional(Term term) {
        if (term.nullable()) {
            return term;
        }
        return term instanceof Term.Repeat some && some.min == 1
                ? repeat(some.body, 0, some.max)
                : choice(List.of(term, empty));
    }

    /** Several of a term; the most may be {@link #UNBOUNDED}. */
    Term repeat(Term body, int min, int max) {
        int least = body.nullable() ? 0 : min;
        if (body == nothing || body == empty || max < least || max == 0) {
            boolean none = least == 0 && max >= 0;
            return none ? empty : nothing;
        }
        if (least == 1 && max == 1) {
            return body;
        }
        Term once = body instanceof Term.Choice choice && choice.ways.contains(empty) ? someOf(choice) : body;
        if (once instanceof Term.Repeat inner && isContiguous(inner, least, max)) {
            return repeat(inner.body, product(inner.min, least, UNBOUNDED - 1), product(inner.max, max, UNBOUNDED));
        }
        int fewest = least;
        return shaped(new RepeatShape(once, fewest, max), () -> new Term.Repeat(once, fewest, max));
    }

    /** A choice without its empty string, which a repetition from 0 on makes up for. */
    private Term someOf(Term.Choice choice) {
        return choice(choice.ways.stream().filter(way -> way != empty).toList());
    }

    /** Whether several of a repetition come to every number of times between the fewest and the most. */
    private static boolean isContiguous(Term.Repeat inner, int min, int max) {
        return min == max
                || inner.min <= 1
                || (inner.max == UNBOUNDED && min > 0)
                || inner.min - 1L <= (long) (inner.max - inner.min) * min;
    }

    private static int product(int one, int other, int most) {
        return one == UNBOUNDED || other == UNBOUNDED
                ? one == 0 || other == 0 ? 0 : most
                : (int) Math.min(most, (long) one * other);
    }

    /** Any number of a term. */
    Term any(Term body) {
        return repeat(body, 0, UNBOUNDED);
    }

    /** A term whose body is set later. */
    Term.Rule rule(boolean nullable) {
        return new Term.Rule(nullable, nothing);
    }

    /** Forgets the shapes made so far: from now on equal terms may be several objects, which only costs memory. */
    void forget() {
        pool.clear();
        texts.clear();
    }

    int size() {
        return pool.size();
    }

    private Term shaped(Object shape, Supplier<Term> made) {
        Term known = pool.get(shape);
        if (known == null) {
            charge(TERM_STEPS);
            known = made.get();
            pool.put(shape, known);
        }
        return known;
    }
}
