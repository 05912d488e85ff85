package io.github.internvl.internal.generate;

import java.util.Arrays;

/**
 * The logits that the next tokens of a sequence follow from: a row for each of its branches, one for all of them right
 * after the prompt, or one for the last token of the only branch and for each draft after it.
 *
 * @param best the best token of each row
 * @param values the numbers of all rows; empty where they stayed on the device
 * @param first where in {@code values} the first row begins
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

    /** The largest number's place; the first of several. */
    static int argmax(float[] row) {
        int best = 0;
        for (int i = 1; i < row.length; i++) {
            best = row[i] > row[best] ? i : best;
        }
        return best;
    }

    /** The logarithm of the sum of all exponentials: what a logit is above its log probability. */
    static double logSum(float[] row) {
        float best = row[argmax(row)];
        double sum = 0;
        for (float logit : row) {
            sum += Math.exp((double) logit - best);
        }
        return best + Math.log(sum);
    }
}
