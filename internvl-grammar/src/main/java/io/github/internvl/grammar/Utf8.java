package io.github.internvl.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Sets of characters as expressions over their UTF-8 bytes. In a bit set of code points a word of 64 is just what one last byte
 * tells apart, so that words are grouped by the bytes before. Not thread-safe.
 */
final class Utf8 {
    private static final int WORDS = (Character.MAX_CODE_POINT + 1) >> 6;

    private final Exprs exprs;
    private final Map<BitSet, Expr> known = new HashMap<>();

    Utf8(Exprs exprs) {
        this.exprs = exprs;
    }

    /** All characters: every code point that is no surrogate. */
    static BitSet all() {
        BitSet all = new BitSet();
        all.set(0, Character.MAX_CODE_POINT + 1);
        all.clear(Character.MIN_SURROGATE, Character.MAX_SURROGATE + 1);
        return all;
    }

    /** Strings of one character of a set, which must hold no surrogate. */
    Expr expr(BitSet characters) {
        exprs.charge(1 + (characters.size() >> 12)); // comparing sets
        Expr expr = known.get(characters);
        if (expr == null) {
            exprs.charge(characters.size() >> 6); // the words of a set that is kept
            expr = build(characters);
            known.put((BitSet) characters.clone(), expr);
        }
        return expr;
    }

    private Expr build(BitSet characters) {
        long[] words = Arrays.copyOf(characters.toLongArray(), WORDS);
        List<Expr> ways = new ArrayList<>();
        ways.add(exprs.bytes(words[0], words[1], 0, 0));
        ways.add(leads(words, 0xC2, 0xDF, 0x1F, 0, 0));
        ways.add(leads(words, 0xE0, 0xEF, 0x0F, 1, 0x800 >> 6));
        ways.add(leads(words, 0xF0, 0xF4, 0x07, 2, 0x10000 >> 6));
        return exprs.choice(ways);
    }

    /** Characters that begin with one of some bytes. */
    private Expr leads(long[] words, int first, int last, int payload, int between, int least) {
        Map<Expr, long[]> groups = new LinkedHashMap<>();
        for (int lead = first; lead <= last; lead++) {
            Expr rest = rest(words, lead & payload, between, least);
            groups.computeIfAbsent(rest, expr -> new long[4])[lead >> 6] |= 1L << lead;
        }
        return grouped(groups);
    }

    /** The bytes after the ones that {@code index} came from; characters below word {@code least} are written shorter. */
    private Expr rest(long[] words, int index, int between, int least) {
        if (between == 0) {
            return index < least || index >= words.length ? exprs.nothing : exprs.bytes(0, 0, words[index], 0);
        }
        Map<Expr, long[]> groups = new LinkedHashMap<>();
        for (int b = 0; b < 64; b++) {
            Expr rest = rest(words, index << 6 | b, between - 1, least);
            groups.computeIfAbsent(rest, expr -> new long[4])[2] |= 1L << b;
        }
        return grouped(groups);
    }

    private Expr grouped(Map<Expr, long[]> groups) {
        List<Expr> ways = new ArrayList<>();
        groups.forEach(
                (rest, bytes) -> ways.add(exprs.sequence(exprs.bytes(bytes[0], bytes[1], bytes[2], bytes[3]), rest)));
        return exprs.choice(ways);
    }
}
