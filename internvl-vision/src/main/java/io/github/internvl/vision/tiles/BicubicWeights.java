package io.github.internvl.vision.tiles;

/**
 * The weights of one direction of a bicubic resize (a = -0.5, the kernel widened when shrinking): for each output
 * position the first source position, the number of taps, and the weights with {@link #BITS} fractional bits.
 */
final class BicubicWeights {
    /** Fractional bits of a weight. */
    static final int BITS = 22;

    private static final double A = -0.5;
    private static final double REACH = 2.0;

    private final int[] first;
    private final int[] taps;
    private final int[] weights;
    private final int mostTaps;

    /** The weights from {@code from} to {@code to} positions. */
    BicubicWeights(int from, int to) {
        double scale = (double) from / to;
        double stretch = Math.max(scale, 1.0);
        double reach = REACH * stretch;
        mostTaps = (int) Math.ceil(reach) * 2 + 1;
        first = new int[to];
        taps = new int[to];
        weights = new int[Math.multiplyExact(to, mostTaps)];
        double[] exact = new double[mostTaps];
        for (int x = 0; x < to; x++) {
            double centre = (x + 0.5) * scale;
            int begin = Math.max(0, (int) (centre - reach + 0.5));
            int count = Math.min(from, (int) (centre + reach + 0.5)) - begin;
            double sum = 0;
            for (int i = 0; i < count; i++) {
                exact[i] = kernel((i + begin - centre + 0.5) * (1.0 / stretch));
                sum += exact[i];
            }
            first[x] = begin;
            taps[x] = count;
            for (int i = 0; i < count; i++) {
                double weight = sum == 0 ? exact[i] : exact[i] / sum;
                weights[x * mostTaps + i] = (int) (weight * (1 << BITS) + (weight < 0 ? -0.5 : 0.5));
            }
            while (taps[x] > 1 && weights[x * mostTaps + taps[x] - 1] == 0) {
                taps[x]--;
            }
        }
    }

    /** Number of output positions. */
    int size() {
        return first.length;
    }

    /** Largest number of taps of any position; the weights of position x begin at x * mostTaps. */
    int mostTaps() {
        return mostTaps;
    }

    int first(int x) {
        return first[x];
    }

    int taps(int x) {
        return taps[x];
    }

    int[] weights() {
        return weights;
    }

    private static double kernel(double distance) {
        double x = Math.abs(distance);
        if (x < 1) {
            return ((A + 2) * x - (A + 3)) * x * x + 1;
        }
        if (x < REACH) {
            return (((x - 5) * x + 8) * x - 4) * A;
        }
        return 0;
    }
}
