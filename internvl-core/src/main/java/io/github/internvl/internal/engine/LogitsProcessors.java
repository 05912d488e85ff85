package io.github.internvl.internal.engine;

import io.github.internvl.LogitsProcessor;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The built-in logits processors: the ones of transformers, and the penalties of OpenAI and vLLM. */
final class LogitsProcessors {
    private static final float BANNED = Float.NEGATIVE_INFINITY;

    private LogitsProcessors() {}

    /** Divides the logits of all tokens that came before by a factor, once each; multiplies those that are negative. */
    static LogitsProcessor repetition(float factor, int[] history) {
        return (generated, logits) -> {
            BitSet seen = new BitSet(logits.length);
            Arrays.stream(history).forEach(seen::set);
            Arrays.stream(generated).forEach(seen::set);
            for (int id = seen.nextSetBit(0); id >= 0 && id < logits.length; id = seen.nextSetBit(id + 1)) {
                logits[id] = logits[id] < 0 ? logits[id] * factor : logits[id] / factor;
            }
        };
    }

    /** Bans tokens that would make a run of some length come again. */
    static LogitsProcessor noRepeat(int length, int[] history) {
        return (generated, logits) -> {
            int[] all = joined(history, generated);
            int last = all.length - (length - 1); // where the run begins that the next token ends
            for (int start = 0; start < last; start++) {
                int end = start + length - 1;
                if (Arrays.equals(all, start, end, all, last, all.length)) {
                    logits[all[end]] = BANNED;
                }
            }
        };
    }

    /** Bans some tokens while the answer is short. */
    static LogitsProcessor minimum(int tokens, Set<Integer> ends) {
        return (generated, logits) -> {
            if (generated.length < tokens) {
                ends.stream().filter(id -> id < logits.length).forEach(id -> logits[id] = BANNED);
            }
        };
    }

    /** Bans the last token of each word whose other tokens have just come. */
    static LogitsProcessor without(List<int[]> words) {
        return (generated, logits) -> {
            for (int[] word : words) {
                int before = word.length - 1;
                int from = generated.length - before;
                if (from >= 0 && Arrays.equals(word, 0, before, generated, from, generated.length)) {
                    logits[word[before]] = BANNED;
                }
            }
        };
    }

    /** Adds to the logits of some tokens. */
    static LogitsProcessor bias(Map<Integer, Double> biases) {
        return (generated, logits) -> biases.forEach((id, bias) -> logits[id] += bias.floatValue());
    }

    /** Takes something from the logits of all tokens of the answer, and something each time that they came. */
    static LogitsProcessor counts(float presence, float frequency) {
        return (generated, logits) -> {
            int[] counts = new int[logits.length];
            for (int id : generated) {
                counts[id]++;
            }
            for (int id : generated) {
                if (counts[id] > 0) {
                    logits[id] -= frequency * counts[id] + presence;
                    counts[id] = 0;
                }
            }
        };
    }

    private static int[] joined(int[] first, int[] second) {
        int[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }
}
