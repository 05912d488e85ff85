package io.github.internvl.internal.engine;

/**
 * Numbers by rank, sorted no further than asked: a heap of keys, with the ranked ones behind it. Of equal numbers the first comes
 * first. Not thread-safe.
 */
final class Ranking {
    private final long[] heap; // the number's bits above its index, so that the next in rank is least
    private int taken;

    private Ranking(float[] values, boolean largestFirst) {
        this.heap = new long[values.length];
        for (int i = 0; i < values.length; i++) {
            int bits = Float.floatToIntBits(values[i] + 0f); // -0 is 0
            long ordered = bits ^ ((bits >> 31) & Integer.MAX_VALUE);
            heap[i] = ((largestFirst ? ~ordered : ordered) << Integer.SIZE) | i;
        }
        for (int root = heap.length / 2 - 1; root >= 0; root--) {
            sink(root, heap.length);
        }
    }

    static Ranking largestFirst(float[] values) {
        return new Ranking(values, true);
    }

    static Ranking smallestFirst(float[] values) {
        return new Ranking(values, false);
    }

    /** The index of the number of a rank, counted from 0. */
    int at(int rank) {
        while (taken <= rank) {
            int last = heap.length - 1 - taken++;
            long top = heap[0];
            heap[0] = heap[last];
            heap[last] = top;
            sink(0, last);
        }
        return (int) heap[heap.length - 1 - rank];
    }

    private void sink(int root, int size) {
        int at = root;
        long moving = heap[at];
        while (2 * at + 1 < size) {
            int child = 2 * at + 1;
            if (child + 1 < size && heap[child + 1] < heap[child]) {
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
}
