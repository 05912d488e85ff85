package io.github.internvl.internal.engine;

import java.util.Arrays;

/**
 * The logits from which the next tokens of a sequence are chosen: a row for each of its branches, one row for all of them right
 * after the prompt, or a row for the last token of the only branch and for each draft after it.
 *
 * @param best the best token of each row
 * @param values the numbers of all rows; empty where they stayed on the device
 * @param first the place in {@code values} where the first row begins
 * @param vocabulary length of a row
 */
record LogitRows(int[] best, float[] values, int first, int vocabulary) {

    /** One of the rows alone. */
    LogitRows only(int row) {
        return new LogitRows(new int[] {best[row]}, values, first + row * vocabulary, vocabulary);
    }

    /** The best token of a branch. */
    int best(int branch) {
        return best[row(branch)];
    }

    /** A copy of the row of a branch. */
    float[] of(int branch) {
        int from = first + row(branch) * vocabulary;
        return Arrays.copyOfRange(values, from, from + vocabulary);
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
