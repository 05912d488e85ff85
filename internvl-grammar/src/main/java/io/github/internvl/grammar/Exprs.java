package io.github.internvl.grammar;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The factory of expressions. It makes one object of each shape; expressions that simple laws show to be equal have the same
 * shape. Alternatives share their prefixes, so that a long list of them is one reading at a time. Each new expression is charged
 * to a meter. Not thread-safe.
 */
final class Exprs {
    /** The number of bytes within which counters are told apart. */
    static final int HORIZON = 16;

    /** As the most repetitions: any number. */
    static final int UNBOUNDED = Integer.MAX_VALUE;

    private static final int EXPR_STEPS = 2; // for some 100 bytes until the format is compiled

    private record SequenceShape(Expr head, Expr tail) {}

    private record RepeatShape(Expr body, int min, int max) {}

    private record ChoiceShape(Set<Expr> ways) {}

    private record TextShape(byte[] bytes, int from, int to) {} // the same array, not an equal one

    private record BytesShape(long word0, long word1, long word2, long word3) {}

    final Expr empty = new Expr.Empty();
    final Expr nothing = new Expr.Choice(List.of());
    private final Map<Object, Expr> pool = new HashMap<>();
    private final Map<String, byte[]> texts = new HashMap<>();
    private Meter meter;

    /** Makes a factory whose expressions are charged to a meter. */
    Exprs(Meter meter) {
        this.meter = meter;
    }

    /** Charges later work to another meter, and returns the previous one. */
    Meter chargeTo(Meter other) {
        Meter before = meter;
        meter = other;
        return before;
    }

    void charge(long steps) {
        meter.charge(steps);
    }

    /** Strings of one of some bytes, 64 bytes a word. */
    Expr bytes(long word0, long word1, long word2, long word3) {
        if ((word0 | word1 | word2 | word3) == 0) {
            return nothing;
        }
        BytesShape shape = new BytesShape(word0, word1, word2, word3);
        return shaped(shape, () -> new Expr.Bytes(word0, word1, word2, word3));
    }

    /** Strings of one of the bytes from one to another. */
    Expr range(int first, int last) {
        long[] words = new long[4];
        for (int b = first; b <= last; b++) {
            words[b >> 6] |= 1L << b;
        }
        return bytes(words[0], words[1], words[2], words[3]);
    }

    /** Strings of one of some ASCII characters. */
    Expr oneOf(String ascii) {
        return choice(ascii.chars().mapToObj(c -> range(c, c)).toList());
    }

    /** One text, in UTF-8. */
    Expr literal(String text) {
        byte[] bytes = texts.computeIfAbsent(text, fresh -> fresh.getBytes(StandardCharsets.UTF_8));
        return text(bytes, 0, bytes.length);
    }

    /** One string: some bytes of an array. */
    Expr text(byte[] bytes, int from, int to) {
        if (to - from < 2) {
            return from == to ? empty : range(bytes[from] & 0xFF, bytes[from] & 0xFF);
        }
        return shaped(new TextShape(bytes, from, to), () -> new Expr.Text(bytes, from, to));
    }

    /** One expression after the other. */
    Expr sequence(Expr... parts) {
        Expr expr = parts[parts.length - 1];
        for (int i = parts.length - 2; i >= 0; i--) {
            expr = pair(parts[i], expr);
        }
        return expr;
    }

    private Expr pair(Expr head, Expr tail) {
        if (head == nothing || tail == nothing) {
            return nothing;
        }
        if (head == empty || tail == empty) {
            return head == empty ? tail : head;
        }
        return shaped(new SequenceShape(head, tail), () -> new Expr.Sequence(head, tail));
    }

    /** Any of some expressions. */
    Expr choice(Expr... ways) {
        return choice(List.of(ways));
    }

    /** Any of some expressions. */
    Expr choice(Collection<Expr> ways) {
        Set<Expr> flat = new LinkedHashSet<>();
        long[] words = new long[4];
        for (Expr way : ways) {
            for (Expr one : way instanceof Expr.Choice several ? several.ways : List.of(way)) {
                if (one instanceof Expr.Bytes bytes) {
                    for (int i = 0; i < words.length; i++) {
                        words[i] |= bytes.word(i);
                    }
                } else {
                    flat.add(one);
                }
            }
        }
        Expr single = bytes(words[0], words[1], words[2], words[3]);
        if (single != nothing) {
            flat.add(single);
        }
        charge(flat.size());
        Set<Expr> few = Prefixes.shared(this, flat);
        if (few.size() < 2) {
            return few.isEmpty() ? nothing : few.iterator().next();
        }
        return shaped(new ChoiceShape(few), () -> new Expr.Choice(List.copyOf(few)));
    }

    /** An expression or nothing at all. */
    Expr optional(Expr expr) {
        if (expr.nullable()) {
            return expr;
        }
        return expr instanceof Expr.Repeat some && some.min == 1
                ? repeat(some.body, 0, some.max)
                : choice(List.of(expr, empty));
    }

    /** Several of an expression; the most may be {@link #UNBOUNDED}. */
    Expr repeat(Expr body, int min, int max) {
        int least = body.nullable() ? 0 : min;
        if (body == nothing || body == empty || max < least || max == 0) {
            boolean none = least == 0 && max >= 0;
            return none ? empty : nothing;
        }
        if (least == 1 && max == 1) {
            return body;
        }
        Expr once = body instanceof Expr.Choice choice && choice.ways.contains(empty) ? someOf(choice) : body;
        if (once instanceof Expr.Repeat inner && isContiguous(inner, least, max)) {
            return repeat(inner.body, product(inner.min, least, UNBOUNDED - 1), product(inner.max, max, UNBOUNDED));
        }
        int fewest = least;
        return shaped(new RepeatShape(once, fewest, max), () -> new Expr.Repeat(once, fewest, max));
    }

    /** A choice without its empty string, which a repetition from 0 on makes up for. */
    private Expr someOf(Expr.Choice choice) {
        return choice(choice.ways.stream().filter(way -> way != empty).toList());
    }

    /** Whether several of a repetition come to every number of times between the fewest and the most. */
    private static boolean isContiguous(Expr.Repeat inner, int min, int max) {
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

    /** Any number of an expression. */
    Expr any(Expr body) {
        return repeat(body, 0, UNBOUNDED);
    }

    /** An expression whose body is set later. */
    Expr.Rule rule(boolean nullable) {
        return new Expr.Rule(nullable, nothing);
    }

    /** Forgets the shapes made so far: from now on equal expressions may be several objects, which only costs memory. */
    void forget() {
        pool.clear();
        texts.clear();
    }

    int size() {
        return pool.size();
    }

    private Expr shaped(Object shape, Supplier<Expr> made) {
        Expr known = pool.get(shape);
        if (known == null) {
            charge(EXPR_STEPS);
            known = made.get();
            pool.put(shape, known);
        }
        return known;
    }
}
