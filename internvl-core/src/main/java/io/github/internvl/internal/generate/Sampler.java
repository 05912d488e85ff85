package io.github.internvl.internal.generate;

import io.github.internvl.GenerationConfig;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Draws the next token of one answer from its logits: temperature, then top-k (ties at the limit stay), then top-p (the
 * fewest best tokens that reach it). Not thread-safe.
 *
 * <p>A large vocabulary is never sorted: one pass finds the k-th best logit, and what passes it comes best first out of a
 * heap, no more of it than the draw needs.
 */
final class Sampler {
    private final GenerationConfig config;
    private final SplittableRandom random;

    Sampler(GenerationConfig config) {
        this.config = config;
        this.random =
                config.seed().isPresent() ? new SplittableRandom(config.seed().getAsLong()) : new SplittableRandom();
    }

    /** Draws from a row of logits, which starts at {@code offset}. */
    int draw(float[] logits, int offset, int vocabulary) {
        IntStream all = IntStream.range(offset, offset + vocabulary);
        boolean limited = config.topK() > 0 && config.topK() < vocabulary;
        float least = limited ? best(config.topK(), logits, offset, vocabulary) : Float.NEGATIVE_INFINITY;
        BestFirst tokens = new BestFirst(
                logits, (limited ? all.filter(token -> logits[token] >= least) : all).toArray(), config.temperature());
        double mark = random.nextDouble() * reach(tokens);
        int i = 0;
        while (i < tokens.size() - 1) {
            mark -= tokens.weight(tokens.at(i));
            if (mark < 0) {
                break;
            }
            i++;
        }
        return tokens.at(i) - offset;
    }

    /** The weight of the fewest best tokens that together reach top-p. */
    private double reach(BestFirst tokens) {
        double sum = tokens.sum();
        double wanted = config.topP() * sum;
        double reached = 0;
        for (int i = 0; config.topP() < 1 && i < tokens.size() && reached < wanted; i++) {
            reached += tokens.weight(tokens.at(i));
        }
        return config.topP() < 1 ? reached : sum;
    }

    /** The k-th largest logit of a row. */
    private static float best(int k, float[] logits, int offset, int vocabulary) {
        float[] heap = Arrays.copyOfRange(logits, offset, offset + k); // of the k best so far, the least on top
        for (int root = k / 2 - 1; root >= 0; root--) {
            sink(heap, root);
        }
        for (int token = offset + k; token < offset + vocabulary; token++) {
            if (logits[token] > heap[0]) {
                heap[0] = logits[token];
                sink(heap, 0);
            }
        }
        return heap[0];
    }

    private static void sink(float[] heap, int root) {
        int at = root;
        float moving = heap[at];
        while (2 * at + 1 < heap.length) {
            int child = 2 * at + 1;
            if (child + 1 < heap.length && heap[child + 1] < heap[child]) {
                child++;
            }
            if (heap[child] >= moving) {
                break;
            }
            heap[at] = heap[child];
            at = child;
        }
        heap[at] = moving;
    }

    /** A heap of tokens by their logits; what was taken lies behind it in the same array, best last. */
    private static final class BestFirst {
        private final float[] logits;
        private final int[] heap;
        private final double temperature;
        private final float best;
        private int taken;

        BestFirst(float[] logits, int[] tokens, double temperature) {
            this.logits = logits;
            this.heap = tokens;
            this.temperature = temperature;
            for (int root = heap.length / 2 - 1; root >= 0; root--) {
                sink(root, heap.length);
            }
            this.best = logits[heap[0]];
        }

        int size() {
            return heap.length;
        }

        /** What a token weighs in the draw: its probability, up to a factor. */
        double weight(int token) {
            return Math.exp((logits[token] - best) / temperature);
        }

        double sum() {
            double sum = 0;
            for (int token : heap) {
                sum += weight(token);
            }
            return sum;
        }

        /** The i-th best token. */
        int at(int i) {
            while (taken <= i) {
                int last = heap.length - 1 - taken++;
                int top = heap[0];
                heap[0] = heap[last];
                heap[last] = top;
                sink(0, last);
            }
            return heap[heap.length - 1 - i];
        }

        private void sink(int root, int size) {
            int at = root;
            int moving = heap[at];
            while (2 * at + 1 < size) {
                int child = 2 * at + 1;
                if (child + 1 < size && logits[heap[child + 1]] > logits[heap[child]]) {
                    child++;
                }
                if (logits[heap[child]] <= logits[moving]) {
                    break;
                }
                heap[at] = heap[child];
                at = child;
            }
            heap[at] = moving;
        }
    }
}
