package io.github.internvl.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;

/** Whether draws follow probabilities. */
final class ChiSquare {
    private static final double LEAST_EXPECTED = 5;
    private static final double DEVIATIONS = 4.5; // once in some 300,000 true draws

    private ChiSquare() {}

    /** Fails where counts are too unlikely under the probabilities; what is too rare to judge is judged together. */
    static void check(int[] counts, float[] probabilities) {
        long draws = 0;
        for (int count : counts) {
            draws += count;
        }
        double sum = 0;
        int cells = 0;
        double rareExpected = 0;
        double rareCounted = 0;
        for (int i = 0; i < counts.length; i++) {
            double expected = probabilities[i] * draws;
            if (probabilities[i] == 0) {
                assertThat(counts[i])
                        .as("draws of token %s, which is impossible", i)
                        .isZero();
            } else if (expected < LEAST_EXPECTED) {
                rareExpected += expected;
                rareCounted += counts[i];
            } else {
                sum += (counts[i] - expected) * (counts[i] - expected) / expected;
                cells++;
            }
        }
        if (rareExpected >= LEAST_EXPECTED) {
            sum += (rareCounted - rareExpected) * (rareCounted - rareExpected) / rareExpected;
            cells++;
        }
        int freedom = cells - 1;
        if (freedom > 0) {
            double cube = Math.cbrt(sum / freedom); // Wilson and Hilferty: nearly normal
            double variance = 2.0 / (9 * freedom);
            assertThat((cube - (1 - variance)) / Math.sqrt(variance))
                    .as("chi-square %s of %s cells, in standard deviations", sum, cells)
                    .isLessThan(DEVIATIONS);
        }
    }
}
