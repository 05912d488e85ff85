package io.github.internvl.internal.grammar;

import io.github.internvl.LogitsProcessor;
import io.github.internvl.internal.grammar.Automaton.State;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Forbids the tokens that would leave a format. The state of an answer follows from its tokens alone; those of the last two
 * lengths are remembered, so that an answer that grows by a token takes a step, whichever branch or beam it comes from.
 * Used by one thread.
 */
final class FormatRule implements LogitsProcessor {
    private record Place(int[] ids, State state) {}

    private final Grammar grammar;
    private List<Place> shorter = List.of();
    private List<Place> present = new ArrayList<>();
    private int length;

    FormatRule(Grammar grammar) {
        this.grammar = grammar;
    }

    @Override
    public void process(int[] generated, float[] logits) {
        forbid(grammar.allowed(state(generated)), logits);
    }

    private State state(int[] generated) {
        if (generated.length != length) {
            shorter = generated.length == length + 1 ? present : List.of();
            present = new ArrayList<>();
            length = generated.length;
        }
        State state = null;
        for (Place place : shorter) {
            if (Arrays.equals(place.ids(), 0, length - 1, generated, 0, length - 1)) {
                state = grammar.after(place.state(), generated[length - 1]);
                break;
            }
        }
        if (state == null) {
            state = grammar.start();
            for (int id : generated) {
                state = grammar.after(state, id);
            }
        }
        present.add(new Place(generated, state));
        return state;
    }

    private static void forbid(long[] allowed, float[] logits) {
        for (int first = 0; first < logits.length; first += Long.SIZE) {
            int word = first >> 6;
            long out = word < allowed.length ? ~allowed[word] : -1;
            if (out == -1) {
                Arrays.fill(logits, first, Math.min(first + Long.SIZE, logits.length), Float.NEGATIVE_INFINITY);
                continue;
            }
            while (out != 0) {
                int id = first + Long.numberOfTrailingZeros(out);
                if (id < logits.length) {
                    logits[id] = Float.NEGATIVE_INFINITY;
                }
                out &= out - 1;
            }
        }
    }
}
