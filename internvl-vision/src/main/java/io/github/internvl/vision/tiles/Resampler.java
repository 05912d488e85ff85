package io.github.internvl.vision.tiles;

import io.github.internvl.vision.Image;
import io.github.internvl.vision.PassOrder;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Pillow's bicubic resize of 8-bit pictures, bit for bit, in either {@link PassOrder}. The original is {@code
 * src/libImaging/Resample.c} of Pillow: {@code precompute_coeffs}, {@code normalize_coeffs_8bpc} and the two passes {@code
 * ImagingResampleHorizontal_8bpc} and {@code ImagingResampleVertical_8bpc}.
 *
 * <p><b>The method.</b> A resize is separable: one pass along the rows, one along the columns. An output pixel is a weighted
 * sum of source pixels under a bicubic kernel with a = -0.5, which is widened by the scale when the picture shrinks, so that
 * every source pixel counts. {@link BicubicWeights} holds first position, number and weights of these taps.
 *
 * <p><b>Exactness.</b> Pillow computes the weights in double and then rounds them to integers with 22 fractional bits: of
 * 32 bits, 8 are the result's and 2 are left for sums outside 0..255, since the kernel has negative lobes. A pass computes
 * 2^21 + weight * byte + ..., shifts right by 22 and clamps to a byte. {@link BicubicWeights} repeats the double arithmetic
 * operation by operation, which IEEE 754 makes equal on every machine. From there on all arithmetic is in integers, whose
 * sums do not depend on the order of their terms: this class sums in the order that is fast. Only the clamp after each pass
 * must stay in its place. Therefore the order of the passes is visible in the result, and the model's reference decides it.
 * Pillow skips a pass that does not change the size; here its weights come out as a single 1.0 among zeros, which gives the
 * same bytes.
 *
 * <p><b>Speed.</b> Output rows are made in order. Each source row passes the horizontal filter once, and the rows that the
 * vertical filter still needs wait in a ring that fits the processor's cache: there is no intermediate picture. The
 * horizontal filter takes two source rows at a time, one in each half of a {@code long}, so that one multiplication applies
 * an int weight to both. The low sum fits in an int; it is split off, and the rest is the high sum (see {@link #filterPair}).
 * The vertical filter runs along rows of ints without dependencies between neighbours, which the JIT compiler turns into
 * vector instructions. With columns first, each output row is computed from the source rows directly.
 */
final class Resampler {
    /** Receives each finished row. The array is reused for the next row. */
    interface RowSink {
        void accept(int y, byte[] row);
    }

    private static final int HALF = 1 << (BicubicWeights.BITS - 1);
    private static final long HALVES = HALF | ((long) HALF << 32);

    private final int width;
    private final int height;
    private final ByteBuffer pixels;
    private final BicubicWeights across;
    private final BicubicWeights down;
    private final boolean columnsFirst;

    /** Prepares to resize {@code source} to {@code newWidth} x {@code newHeight} pixels. */
    Resampler(Image source, int newWidth, int newHeight, PassOrder order) {
        this.width = source.width();
        this.height = source.height();
        this.pixels = source.rgb();
        columnsFirst = order == PassOrder.LESS_WORK_FIRST && isLessWorkAlongColumns(newWidth, newHeight);
        across = new BicubicWeights(width, newWidth);
        down = new BicubicWeights(height, newHeight);
    }

    /** The choice of Pillow 13. */
    private boolean isLessWorkAlongColumns(int newWidth, int newHeight) {
        int shrinks = height - newHeight;
        return shrinks > 0 && shrinks > 2 * (width - newWidth);
    }

    /** Makes the output rows {@code from} (included) to {@code to} (excluded). Safe for use by several threads. */
    void rows(int from, int to, RowSink sink) {
        if (columnsFirst) {
            rowsColumnsFirst(from, to, sink);
        } else {
            rowsRowsFirst(from, to, sink);
        }
    }

    private void rowsColumnsFirst(int from, int to, RowSink sink) {
        byte[] line = new byte[width * 3];
        int[] column = new int[line.length];
        byte[] row = new byte[across.size() * 3];
        for (int y = from; y < to; y++) {
            filterSourceDown(y, line, column);
            filterAcross(column, row);
            sink.accept(y, row);
        }
    }

    private void filterSourceDown(int y, byte[] line, int[] sums) {
        Arrays.fill(sums, HALF);
        for (int tap = 0; tap < down.taps(y); tap++) {
            int weight = down.weights()[y * down.mostTaps() + tap];
            pixels.get((down.first(y) + tap) * line.length, line);
            for (int i = 0; i < sums.length; i++) {
                sums[i] += weight * (line[i] & 0xff);
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
        byte[][] lines = new byte[2][width * 3];
        long[] pair = new long[width * 3];
        int[] sums = new int[length];
        byte[] row = new byte[length];
        int filtered = down.first(from);
        for (int y = from; y < to; y++) {
            int end = down.first(y) + down.taps(y);
            while (filtered < end) {
                loadPair(filtered, lines[0], lines[1], pair);
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
    private void loadPair(int y, byte[] low, byte[] high, long[] pair) {
        pixels.get(y * pair.length, low);
        pixels.get(Math.min(y + 1, height - 1) * pair.length, high);
        for (int i = 0; i < pair.length; i++) {
            pair[i] = (low[i] & 0xff) | ((long) (high[i] & 0xff) << 32);
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
