package io.github.internvl.grammar;

import io.github.internvl.grammar.Automaton.State;
import io.github.internvl.grammar.Expr.Horizon;
import io.github.internvl.grammar.TokenTrie.Token;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;

/**
 * The tokens of a model by the bytes that they write. They are indexed in three parts: tokens that fit into any JSON string as
 * they are, all of which are allowed at once inside a string; tokens with more bytes than {@link Horizon#NEAR}; and the others.
 * Special tokens write no bytes and are never allowed, except those that end an answer. Nor are tokens beyond {@link
 * Horizon#FAR}, which shorter tokens replace. Immutable and thread-safe.
 */
public final class Vocabulary {
    private final byte[][] bytes;
    private final Set<Integer> ends;
    private final long[] plain;
    private final TokenTrie plainTokens;
    private final TokenTrie otherTokens;
    private final TokenTrie longTokens;

    /**
     * Indexes the tokens, which takes a while for large vocabularies.
     *
     * @param size the number of tokens
     * @param tokens the bytes of each token by its id; none for a special token
     * @param ends the ids of the tokens that end an answer
     * @throws GrammarException if a byte of UTF-8 text has no token of its own
     */
    public Vocabulary(int size, IntFunction<byte[]> tokens, Set<Integer> ends) {
        this.ends = Set.copyOf(ends);
        this.bytes = new byte[size][];
        int last = ends.stream().mapToInt(Integer::intValue).max().orElse(0);
        this.plain = new long[(Math.max(bytes.length - 1, last) >> 6) + 1];
        List<Token> plainOnes = new ArrayList<>();
        List<Token> others = new ArrayList<>();
        List<Token> longOnes = new ArrayList<>();
        boolean[] single = new boolean[256];
        for (int id = 0; id < bytes.length; id++) {
            byte[] own = ends.contains(id) ? new byte[0] : tokens.apply(id);
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

    /** Rejects a vocabulary without a token for each byte of UTF-8, in which an answer could reach a state without any token. */
    private static void refuseGaps(boolean[] single) {
        for (int b = 0; b < single.length; b++) {
            boolean inText = b < 0xC0 || (b >= 0xC2 && b <= 0xF4);
            if (inText && !single[b]) {
                throw new GrammarException(
                        "a format needs a tokenizer that has a token for each byte, and there is none for " + b
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
    long[] allowed(Automaton automaton, State state, Expr character) {
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
    private long[] allowedNear(Automaton automaton, State state, Expr character) {
        boolean inString = state.exprs.stream().anyMatch(expr -> goesOn(expr, character));
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
    private static boolean goesOn(Expr expr, Expr character) {
        Expr head = expr instanceof Expr.Sequence sequence ? sequence.head : expr;
        return head instanceof Expr.Repeat repeat && repeat.body == character && repeat.max == Exprs.UNBOUNDED;
    }
}
