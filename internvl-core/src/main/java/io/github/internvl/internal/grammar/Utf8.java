package io.github.internvl.internal.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Sets of characters as terms over their UTF-8 bytes. In a bit set of code points a word of 64 is just what one last byte
 * tells apart, so that words are grouped by the bytes before. Not thread-safe.
 */
final class Utf8 {
    private static final int WORDS = (Character.MAX_CODE_POINT + 1) >> 6;

    private final Terms terms;
    private final Map<BitSet, Term> known = new HashMap<>();

    Utf8(Terms terms) {
        this.terms = terms;
    }

    /** All characters: every code point that is no surrogate. */
    static BitSet all() {
        BitSet all = new BitSet();
        all.set(0, Character.MAX_CODE_POINT + 1);
        all.clear(Character.MIN_SURROGATE, Character.MAX_SURROGATE + 1);
        return all;
    }

    /** Strings of one character of a set, which must hold no surrogate. */
    Term term(BitSet characters) {
        terms.charge(1 + (characters.size() >> 12)); // comparing sets
        Term term = known.get(characters);
        if (term == null) {
            terms.charge(characters.size() >> 6); // the words of a set that is kept
            term = build(characters);
            known.put((BitSet) characters.clone(), term);
        }
        return term;
    }

    private Term build(BitSet characters) {
        long[] words = Arrays.copyOf(characters.toLongArray(), WORDS);
        List<Term> ways = new ArrayList<>();
        ways.add(terms.bytes(words[0], words[1], 0, 0));
        ways.add(leads(words, 0xC2, 0xDF, 0x1F, 0, 0));
        ways.add(leads(words, 0xE0, 0xEF, 0x0F, 1, 0x800 >> 6));
        ways.add(leads(words, 0xF0, 0xF4, 0x07, 2, 0x10000 >> 6));
        return terms.choice(ways);
    }

    /** Characters that begin with one of some bytes. */
    private Term leads(long[] words, int first, int last, int payload, int between, int least) {
        Map<Term, long[]> groups = new LinkedHashMap<>();
        for (int lead = first; lead <= last; lead++) {
            Term rest = rest(words, lead & payload, between, least);
            groups.computeIfAbsent(rest, term -> new long[4])[lead >> 6] |= 1L << lead;
        }
        return grouped(groups);
    }

    /** The bytes after the ones that {@code index} came from; characters below word {@code least} are written shorter. */
    private Term rest(long[] words, int index, int between, int least) {
        if (between == 0) {
            return index < least || index >= words.length ? terms.nothing : terms.bytes(0, 0, words[index], 0);
        }
        Map<Term, long[]> groups = new LinkedHashMap<>();
        for (int b = 0; b < 64; b++) {
            Term rest = rest(words, index << 6 | b, between - 1, least);
            groups.computeIfAbsent(rest, term -> new long[4])[2] |= 1L << b;
        }
        return grouped(groups);
    }

    private Term grouped(Map<Term, long[]> groups) {
        List<Term> ways = new ArrayList<>();
        groups.forEach(
                (rest, bytes) -> ways.add(terms.sequence(terms.bytes(bytes[0], bytes[1], bytes[2], bytes[3]), rest)));
        return terms.choice(ways);
    }
}
