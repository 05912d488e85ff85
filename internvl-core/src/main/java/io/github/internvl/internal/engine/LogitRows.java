package io.github.internvl.internal.engine;

import io.github.internvl.GenerationConfig;
import java.util.Arrays;
import java.util.Optional;

/**
 * The logits from which the next tokens of a sequence are chosen: a row for each of its branches, one row for all of them right
 * after the prompt, or a row for the last token of the only branch and for each draft after it.
 *
 * @param best the best token of each row
 * @param values the numbers of all rows; empty where they stayed on the device
 * @param first the place in {@code values} where the first row begins
 * @param width length of a row: the vocabulary, or the number of its best logits
 * @param ids whose logits {@code values} are, where they are the best ones of each row; empty where they are all of a row
 */
record LogitRows(int[] best, float[] values, int first, int width, int[] ids) {

    /** Rows of all logits. */
    LogitRows(int[] best, float[] values, int first, int vocabulary) {
        this(best, values, first, vocabulary, new int[0]);
    }

    /**
     * Rows of the best logits alone; empty where more of them may equal the last one that is needed.
     *
     * @param top the best logits of rows, largest first, and their ids, for each row {@code count} of both
     * @param from the first of the rows in it, as many as there are best tokens
     */
    static Optional<LogitRows> ofTop(int[] best, float[] top, int from, int count, int needed) {
        float[] values = new float[best.length * count];
        int[] ids = new int[values.length];
        for (int row = 0; row < best.length; row++) {
            int at = (from + row) * 2 * count;
            if (!(top[at + needed - 1] > top[at + count - 1])) {
                return Optional.empty();
            }
            for (int i = 0; i < count; i++) {
                values[row * count + i] = top[at + i];
                ids[row * count + i] = (int) top[at + count + i];
            }
        }
        return Optional.of(new LogitRows(best, values, 0, count, ids));
    }

    /** One of the rows alone. */
    LogitRows only(int row) {
        return new LogitRows(new int[] {best[row]}, values, first + row * width, width, ids);
    }

    /** The best token of a branch. */
    int best(int branch) {
        return best[row(branch)];
    }

    /** A copy of the row of a branch. */
    float[] of(int branch) {
        int from = first + row(branch) * width;
        return Arrays.copyOfRange(values, from, from + width);
    }

    /** The tokens that the settings of sampling leave to a branch. */
    Candidates candidates(int branch, GenerationConfig config) {
        if (ids.length == 0) {
            return Candidates.of(of(branch), config);
        }
        int from = first + row(branch) * width;
        return Candidates.of(Arrays.copyOfRange(ids, from, from + width), of(branch), config);
    }

    private int row(int branch) {
        return Math.min(branch, best.length - 1);
    }

    /** The place of the largest number, the first of equal ones. */
    static int argmax(float[] row) {
        int best = 0;
        for (int i = 1; i < row.length; i++) {
            best = row[i] > row[best] ? i : best;
        }
        return best;
    }

    /** The logarithm of the sum of all exponentials: the difference between a logit and its log probability. */
    static double logSum(float[] row) {
        float best = row[argmax(row)];
        double sum = 0;
        for (float logit : row) {
            sum += Math.exp((double) logit - best);
        }
        return best + Math.log(sum);
    }
}
