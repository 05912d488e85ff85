package io.github.internvl.internal.generate;

import io.github.internvl.GenerationConfig;
import java.util.SplittableRandom;

/**
 * Draws the next token of one answer from its logits: temperature, then top-k (ties at the limit stay), then top-p (the
 * fewest best tokens that reach it). Not thread-safe.
 *
 * <p>Tokens come best first out of a binary heap, and no more of them than the draw needs: a large vocabulary is never
 * sorted.
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
        BestFirst tokens = new BestFirst(logits, offset, vocabulary);
        int limit = config.topK() == 0 ? vocabulary : Math.min(config.topK(), vocabulary);
        double sum = 0;
        if (limit == vocabulary) {
            for (int i = 0; i < vocabulary; i++) {
                sum += tokens.weight(offset + i, config.temperature());
            }
        } else {
            while (tokens.taken < limit || tokens.nextTies()) {
                sum += tokens.weight(tokens.take(), config.temperature());
            }
            limit = tokens.taken;
        }
        double reach = config.topP() * sum;
        double mark = random.nextDouble() * Math.min(reach(tokens, limit, reach), sum);
        int i = 0;
        while (i < limit - 1) {
            mark -= tokens.weight(tokens.at(i), config.temperature());
            if (mark < 0) {
                break;
            }
            i++;
        }
        return tokens.at(i) - offset;
    }

    /** The weight of the fewest best tokens that together reach {@code wanted}. */
    private double reach(BestFirst tokens, int limit, double wanted) {
        if (config.topP() == 1) {
            return wanted;
        }
        double reached = 0;
        for (int i = 0; i < limit && reached < wanted; i++) {
            reached += tokens.weight(tokens.at(i), config.temperature());
        }
        return reached;
    }

    /** A heap over the logits of a row; what was taken lies behind it in the same array, best last. */
    private static final class BestFirst {
        private final float[] logits;
        private final int[] heap;
        private final float best;
        private int taken;

        BestFirst(float[] logits, int offset, int size) {
            this.logits = logits;
            this.heap = new int[size];
            for (int i = 0; i < size; i++) {
                heap[i] = offset + i;
            }
            for (int i = size / 2 - 1; i >= 0; i--) {
                sink(i, size);
            }
            this.best = logits[heap[0]];
        }

        /** What a token weighs in the draw: its probability, up to a factor. */
        double weight(int token, double temperature) {
            return Math.exp((logits[token] - best) / temperature);
        }

        /** The i-th best token. */
        int at(int i) {
            while (taken <= i) {
                take();
            }
            return heap[heap.length - 1 - i];
        }

        /** Whether the next token is as good as the last one taken. */
        boolean nextTies() {
            return taken > 0 && taken < heap.length && logits[heap[0]] == logits[heap[heap.length - taken]];
        }

        int take() {
            int last = heap.length - 1 - taken++;
            int top = heap[0];
            heap[0] = heap[last];
            heap[last] = top;
            sink(0, last);
            return top;
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
