package io.github.internvl.internal.grammar;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** Makes terms, one object of each shape; what is equal by simple laws gets the same shape. Not thread-safe. */
final class Terms {
    /** How many bytes ahead counters are told apart. */
    static final int HORIZON = 16;

    /** As the most repetitions: any number. */
    static final int UNBOUNDED = Integer.MAX_VALUE;

    private record SequenceShape(Term head, Term tail) {}

    private record RepeatShape(Term body, int min, int max) {}

    private record ChoiceShape(Set<Term> ways) {}

    private record BytesShape(long word0, long word1, long word2, long word3) {}

    final Term empty = new Term.Empty();
    final Term nothing = new Term.Choice(List.of());
    private final Map<Object, Term> pool = new HashMap<>();

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
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        Term term = empty;
        for (int i = bytes.length - 1; i >= 0; i--) {
            term = sequence(range(bytes[i] & 0xFF, bytes[i] & 0xFF), term);
        }
        return term;
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
        return shaped(new SequenceShape(head, tail), () -> new Term.Sequence(head, tail, this));
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
        if (flat.size() < 2) {
            return flat.isEmpty() ? nothing : flat.iterator().next();
        }
        return shaped(new ChoiceShape(flat), () -> new Term.Choice(List.copyOf(flat)));
    }

    /** A term or nothing at all. */
    Term optional(Term term) {
        return choice(term, empty);
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
        return shaped(new RepeatShape(body, least, max), () -> new Term.Repeat(body, least, max, this));
    }

    /** Any number of a term. */
    Term any(Term body) {
        return repeat(body, 0, UNBOUNDED);
    }

    /** A term whose body is set later. */
    Term.Rule rule(boolean nullable) {
        return new Term.Rule(nullable, nothing);
    }

    /** What a set of terms is without choices and empty ones in it. */
    Set<Term> flat(Collection<Term> several) {
        Set<Term> flat = new LinkedHashSet<>();
        for (Term term : several) {
            flat.addAll(term instanceof Term.Choice choice ? choice.ways : List.of(term));
        }
        return flat;
    }

    /** Forgets the shapes made so far: from now on equal terms may be several objects, which only costs memory. */
    void forget() {
        pool.clear();
    }

    int size() {
        return pool.size();
    }

    private Term shaped(Object shape, Supplier<Term> made) {
        Term known = pool.get(shape);
        if (known == null) {
            known = made.get(); // which may make others on the way
            pool.put(shape, known);
        }
        return known;
    }
}
