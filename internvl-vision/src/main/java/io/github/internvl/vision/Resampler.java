package io.github.internvl.vision;

import java.util.Arrays;

/**
 * Pillow's bicubic resize, bit for bit ({@code ImagingResample} for 8-bit channels), in either {@link PassOrder}.
 *
 * <p><b>Why it is exact.</b> Pillow computes the weights of an output pixel in double, but applies them as whole
 * numbers with 22 fractional bits: sum = 2^21 + weight * byte + ..., shifted right by 22 and clamped to a byte, after
 * the first pass and again after the second. {@link BicubicWeights} repeats the double arithmetic operation by
 * operation, which IEEE 754 makes the same everywhere; from there on everything is whole numbers, and whole-number
 * sums do not depend on the order of their terms. So this class is free to sum in whatever order is fast, as long as
 * both clamps stay where they are. A pass whose size does not change is skipped by Pillow; here its weights come out
 * as one 1.0 among zeros, which is the same.
 *
 * <p><b>Why it is fast.</b> Output rows are made in order. Each source row passes the horizontal filter once, and the
 * rows that the vertical filter still needs wait in a ring small enough for the cache: there is no intermediate
 * picture. The horizontal filter takes two source rows at a time, one in each half of a {@code long}: a product of an
 * int weight with both halves is one multiplication. The low sum fits in an int, so that it can be split off again
 * and what is left is the high sum; see {@link #filterPair}. The vertical filter runs along rows of ints with no
 * dependency between neighbours, which the JIT compiler turns into vector instructions. Where the vertical pass comes
 * first, each output row takes it straight from the source rows.
 */
final class Resampler {
    /** Takes each finished row; the array is used again for the next. */
    interface RowSink {
        void accept(int y, byte[] row);
    }

    private static final int HALF = 1 << (BicubicWeights.BITS - 1);
    private static final long HALVES = HALF | ((long) HALF << 32);

    private final Image source;
    private final BicubicWeights across;
    private final BicubicWeights down;
    private final boolean columnsFirst;

    /** Prepares to resize {@code source} to {@code width} x {@code height} pixels. */
    Resampler(Image source, int width, int height, PassOrder order) {
        this.source = source;
        columnsFirst = order.isColumnsFirst(source.width(), source.height(), width, height);
        across = new BicubicWeights(source.width(), width);
        down = new BicubicWeights(source.height(), height);
    }

    /** Makes the output rows {@code from} (included) to {@code to} (excluded). Several threads may do so at once. */
    void rows(int from, int to, RowSink sink) {
        if (columnsFirst) {
            rowsColumnsFirst(from, to, sink);
        } else {
            rowsRowsFirst(from, to, sink);
        }
    }

    private void rowsColumnsFirst(int from, int to, RowSink sink) {
        int[] column = new int[source.width() * 3];
        byte[] row = new byte[across.size() * 3];
        for (int y = from; y < to; y++) {
            filterSourceDown(y, column);
            filterAcross(column, row);
            sink.accept(y, row);
        }
    }

    private void filterSourceDown(int y, int[] sums) {
        byte[] pixels = source.pixels();
        Arrays.fill(sums, HALF);
        for (int tap = 0; tap < down.taps(y); tap++) {
            int weight = down.weights()[y * down.mostTaps() + tap];
            int start = (down.first(y) + tap) * sums.length;
            for (int i = 0; i < sums.length; i++) {
                sums[i] += weight * (pixels[start + i] & 0xff);
            }
        }
        for (int i = 0; i < sums.length; i++) {
            sums[i] = clamp(sums[i]);
        }
    }

    private void filterAcross(int[] column, byte[] row) {
        int[] weights = across.weights();
        for (int x = 0, o = 0; x < across.size(); x++, o += 3) {
            int red = HALF;
            int green = HALF;
            int blue = HALF;
            int k = x * across.mostTaps();
            int end = k + across.taps(x);
            for (int p = across.first(x) * 3; k < end; k++, p += 3) {
                red += weights[k] * column[p];
                green += weights[k] * column[p + 1];
                blue += weights[k] * column[p + 2];
            }
            row[o] = (byte) clamp(red);
            row[o + 1] = (byte) clamp(green);
            row[o + 2] = (byte) clamp(blue);
        }
    }

    private void rowsRowsFirst(int from, int to, RowSink sink) {
        int length = across.size() * 3;
        int[][] ring = new int[down.mostTaps() + 1][length];
        long[] pair = new long[source.width() * 3];
        int[] sums = new int[length];
        byte[] row = new byte[length];
        int filtered = down.first(from);
        for (int y = from; y < to; y++) {
            int end = down.first(y) + down.taps(y);
            while (filtered < end) {
                loadPair(filtered, pair);
                filterPair(pair, ring[filtered % ring.length], ring[(filtered + 1) % ring.length]);
                filtered += 2;
            }
            filterDown(y, ring, sums);
            for (int i = 0; i < length; i++) {
                row[i] = (byte) Math.max(0, Math.min(255, sums[i] >> BicubicWeights.BITS));
            }
            sink.accept(y, row);
        }
    }

    /** Source row y in the low halves, row y + 1 (or y again, after the last) in the high halves. */
    private void loadPair(int y, long[] pair) {
        byte[] pixels = source.pixels();
        int low = y * pair.length;
        int high = Math.min(y + 1, source.height() - 1) * pair.length;
        for (int i = 0; i < pair.length; i++) {
            pair[i] = (pixels[low + i] & 0xff) | ((long) (pixels[high + i] & 0xff) << 32);
        }
    }

    private void filterPair(long[] pair, int[] lowRow, int[] highRow) {
        int[] weights = across.weights();
        for (int x = 0, o = 0; x < across.size(); x++, o += 3) {
            long red = HALVES;
            long green = HALVES;
            long blue = HALVES;
            int k = x * across.mostTaps();
            int end = k + across.taps(x);
            for (int p = across.first(x) * 3; k < end; k++, p += 3) {
                long weight = weights[k];
                red += weight * pair[p];
                green += weight * pair[p + 1];
                blue += weight * pair[p + 2];
            }
            lowRow[o] = low(red);
            lowRow[o + 1] = low(green);
            lowRow[o + 2] = low(blue);
            highRow[o] = high(red);
            highRow[o + 1] = high(green);
            highRow[o + 2] = high(blue);
        }
    }

    private static int low(long sums) {
        return clamp((int) sums);
    }

    /** A negative low sum has borrowed one from the high half: taking it away again leaves the high sum alone. */
    private static int high(long sums) {
        return clamp((int) ((sums - (int) sums) >> 32));
    }

    private static int clamp(int sum) {
        return Math.max(0, Math.min(255, sum >> BicubicWeights.BITS));
    }

    private void filterDown(int y, int[][] ring, int[] sums) {
        Arrays.fill(sums, HALF);
        int[] weights = down.weights();
        int k = y * down.mostTaps();
        int end = k + down.taps(y);
        int r = down.first(y);
        for (; k + 3 < end; k += 4, r += 4) {
            addRows(
                    sums,
                    weights,
                    k,
                    ring[r % ring.length],
                    ring[(r + 1) % ring.length],
                    ring[(r + 2) % ring.length],
                    ring[(r + 3) % ring.length]);
        }
        for (; k < end; k++, r++) {
            addRow(sums, weights[k], ring[r % ring.length]);
        }
    }

    private static void addRows(int[] sums, int[] weights, int k, int[] a, int[] b, int[] c, int[] d) {
        int p = weights[k];
        int q = weights[k + 1];
        int r = weights[k + 2];
        int s = weights[k + 3];
        for (int i = 0; i < sums.length; i++) {
            sums[i] += p * a[i] + q * b[i] + r * c[i] + s * d[i];
        }
    }

    private static void addRow(int[] sums, int weight, int[] a) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] += weight * a[i];
        }
    }
}
