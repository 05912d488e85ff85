package io.github.internvl.internal.grammar;

import io.github.internvl.InvalidRequestException;
import io.github.internvl.internal.grammar.Automaton.State;
import io.github.internvl.internal.grammar.Term.Horizon;
import io.github.internvl.internal.grammar.TokenTrie.Token;
import io.github.internvl.tokenizer.Tokenizer;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * The tokens of a model by what they write, in three parts: those that go into any JSON string as they are, of which all are
 * allowed at once where a string goes on; those with more bytes than {@link Horizon#NEAR}; and the others. Special tokens
 * write nothing and are in none, and so are tokens beyond {@link Horizon#FAR}, for which shorter ones stand in. Immutable.
 */
final class Lexicon {
    private final byte[][] bytes;
    private final Set<Integer> ends;
    private final long[] plain;
    private final TokenTrie plainTokens;
    private final TokenTrie otherTokens;
    private final TokenTrie longTokens;

    /** Takes a tokenizer's tokens; {@code ends} are those that end an answer. */
    Lexicon(Tokenizer tokenizer, Set<Integer> ends) {
        this.ends = Set.copyOf(ends);
        this.bytes = new byte[tokenizer.size()][];
        int last = ends.stream().mapToInt(Integer::intValue).max().orElse(0);
        this.plain = new long[(Math.max(bytes.length - 1, last) >> 6) + 1];
        List<Token> plainOnes = new ArrayList<>();
        List<Token> others = new ArrayList<>();
        List<Token> longOnes = new ArrayList<>();
        boolean[] single = new boolean[256];
        for (int id = 0; id < bytes.length; id++) {
            byte[] own = ends.contains(id) ? new byte[0] : tokenizer.bytes(id);
            bytes[id] = own.length > Horizon.FAR.bytes ? new byte[0] : own;
            Token token = new Token(id, bytes[id]);
            if (token.bytes().length > Horizon.NEAR.bytes) {
                longOnes.add(token);
            } else if (isPlain(token.bytes())) {
                plainOnes.add(token);
                plain[id >> 6] |= 1L << id;
            } else if (token.bytes().length > 0) {
                others.add(token);
            }
            if (token.bytes().length == 1) {
                single[token.bytes()[0] & 0xFF] = true;
            }
        }
        refuseGaps(single);
        this.plainTokens = new TokenTrie(plainOnes);
        this.otherTokens = new TokenTrie(others);
        this.longTokens = new TokenTrie(longOnes);
    }

    /** Without a token for each byte of UTF-8 an answer could come to a point where no token follows. */
    private static void refuseGaps(boolean[] single) {
        for (int b = 0; b < single.length; b++) {
            boolean inText = b < 0xC0 || (b >= 0xC2 && b <= 0xF4);
            if (inText && !single[b]) {
                throw new InvalidRequestException(
                        "a format needs a tokenizer that has a token for each byte, and there is" + " none for " + b
                                + "; ask without a format");
            }
        }
    }

    private static boolean isPlain(byte[] bytes) {
        for (byte b : bytes) {
            if ((b >= 0 && b < ' ') || b == '"' || b == '\\') {
                return false;
            }
        }
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return bytes.length > 0;
        } catch (CharacterCodingException e) {
            return false; // a part of a character
        }
    }

    /** The bytes of a token; none for a special one. */
    byte[] bytes(int id) {
        return id < bytes.length ? bytes[id] : new byte[0];
    }

    /**
     * The tokens that may follow in a state, a bit each: the ends where the text may end.
     *
     * @param character a character of a JSON string
     */
    long[] allowed(Automaton automaton, State state, Term character) {
        State far = automaton.clamped(state, Horizon.FAR);
        long[] mask = far.mask;
        if (mask == null) {
            State near = automaton.clamped(far, Horizon.NEAR);
            long[] shared = near.nearMask;
            if (shared == null) {
                shared = allowedNear(automaton, near, character);
                near.nearMask = shared;
                automaton.keeps(shared);
            }
            mask = shared.clone();
            longTokens.allow(automaton, far, mask);
            if (Arrays.equals(mask, shared)) {
                mask = shared;
            } else {
                automaton.keeps(mask);
            }
            far.mask = mask;
        }
        state.mask = mask;
        return mask;
    }

    /** The ones of them with no more bytes than the near horizon. */
    private long[] allowedNear(Automaton automaton, State state, Term character) {
        boolean inString = state.terms.stream().anyMatch(term -> goesOn(term, character));
        long[] mask = inString ? plain.clone() : new long[plain.length];
        if (!inString) {
            plainTokens.allow(automaton, state, mask);
        }
        otherTokens.allow(automaton, state, mask);
        if (state.accepts) {
            ends.forEach(id -> mask[id >> 6] |= 1L << id);
        }
        return mask;
    }

    /** Whether any number of characters may follow, of which only the first few are looked at. */
    private static boolean goesOn(Term term, Term character) {
        Term head = term instanceof Term.Sequence sequence ? sequence.head : term;
        return head instanceof Term.Repeat repeat && repeat.body == character && repeat.max == Terms.UNBOUNDED;
    }
}
