package io.github.internvl.grammar;

import io.github.internvl.grammar.Automaton.State;
import java.util.Arrays;
import java.util.List;

/**
 * A prefix tree of the bytes of many tokens, its nodes in depth-first order. A walk together with an automaton finds the tokens
 * that may follow, and skips a subtree as soon as the automaton rejects its prefix. Immutable.
 */
final class TokenTrie {
    /** A token and the bytes it adds to a text, at least one. */
    record Token(int id, byte[] bytes) {}

    private static final int NODES = 256; // which are walked for the price of a few steps
    private static final int STEPS = NODES / 8;

    private final int[] ids; // in the order of their bytes
    private final byte[] labels;
    private final short[] depths; // of the root's children 1
    private final int[] ends; // the first node that is not below
    private final int[] idsEnds; // how many of the ids stand at nodes up to this one
    private final int deepest;

    TokenTrie(List<Token> tokens) {
        List<Token> sorted = tokens.stream()
                .sorted((one, other) -> Arrays.compareUnsigned(one.bytes(), other.bytes()))
                .toList();
        int bytes = sorted.stream().mapToInt(token -> token.bytes().length).sum();
        this.deepest =
                sorted.stream().mapToInt(token -> token.bytes().length).max().orElse(0);
        this.ids = sorted.stream().mapToInt(Token::id).toArray();
        byte[] label = new byte[bytes];
        short[] depth = new short[bytes];
        int[] end = new int[bytes];
        int[] idsEnd = new int[bytes];
        int[] path = new int[deepest + 1];
        byte[] before = {};
        int nodes = 0;
        for (int i = 0; i < ids.length; i++) {
            byte[] own = sorted.get(i).bytes();
            int shared = Arrays.mismatch(before, own);
            for (int d = shared < 0 ? own.length : shared; d < before.length; d++) {
                end[path[d + 1]] = nodes;
            }
            for (int d = shared < 0 ? own.length : shared; d < own.length; d++) {
                label[nodes] = own[d];
                depth[nodes] = (short) (d + 1);
                idsEnd[nodes] = i;
                path[d + 1] = nodes++;
            }
            idsEnd[nodes - 1] = i + 1;
            before = own;
        }
        for (int d = 0; d < before.length; d++) {
            end[path[d + 1]] = nodes;
        }
        this.labels = Arrays.copyOf(label, nodes);
        this.depths = Arrays.copyOf(depth, nodes);
        this.ends = Arrays.copyOf(end, nodes);
        this.idsEnds = Arrays.copyOf(idsEnd, nodes);
    }

    /** Sets the bits of all tokens that may follow in a state. */
    void allow(Automaton automaton, State start, long[] allowed) {
        State[] path = new State[deepest + 1];
        path[0] = start;
        int node = 0;
        for (int walked = 0; node < labels.length; walked++) {
            if (walked % NODES == 0) {
                automaton.charge(STEPS);
            }
            State state = automaton.next(path[depths[node] - 1], labels[node] & 0xFF);
            if (state.isDead()) {
                node = ends[node];
                continue;
            }
            path[depths[node]] = state;
            for (int i = node == 0 ? 0 : idsEnds[node - 1]; i < idsEnds[node]; i++) {
                allowed[ids[i] >> 6] |= 1L << ids[i];
            }
            node++;
        }
    }
}
