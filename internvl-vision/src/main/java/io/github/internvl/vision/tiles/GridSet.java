package io.github.internvl.vision.tiles;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A Python set of (columns, rows) pairs, for the sake of its iteration order alone.
 *
 * <p>The reference collects the candidate grids in a set and sorts them, stably, by area only. Which of two equally
 * near grids of equal area wins is thus left to the order of the set. That order is no accident of a run: pairs of
 * small whole numbers hash to fixed values, and CPython's open addressing (3.8 and later) is simple enough to be
 * followed here step by step: the same hash, the same probes, the same growth.
 */
final class GridSet {
    private static final int LINEAR_PROBES = 9;
    private static final int PERTURB_SHIFT = 5;
    private static final long PRIME_1 = 0x9E3779B185EBCA87L;
    private static final long PRIME_2 = 0xC2B2AE3D27D4EB4FL;
    private static final long PRIME_5 = 0x27D4EB2F165667C5L;

    private @Nullable TileGrid[] table = new TileGrid[8];
    private int used;

    private GridSet() {}

    /** All grids of {@code min} to {@code max} tiles as the reference orders them. */
    static List<TileGrid> inOrder(int min, int max) {
        GridSet set = new GridSet();
        // The reference adds (i, j) in 1..n squared for each n; what an earlier n has added is left out here.
        for (int n = min; n <= max; n++) {
            for (int i = 1; i <= n; i++) {
                for (int j = i == n || n == min ? 1 : n; j <= n && i * j <= max; j++) {
                    if (i * j >= min) {
                        set.add(new TileGrid(i, j));
                    }
                }
            }
        }
        List<TileGrid> grids = new ArrayList<>(set.used);
        for (TileGrid grid : set.table) {
            if (grid != null) {
                grids.add(grid);
            }
        }
        grids.sort(Comparator.comparingInt(grid -> grid.tiles(false)));
        return grids;
    }

    private void add(TileGrid grid) {
        put(grid);
        used++;
        int mask = table.length - 1;
        if (used * 5 >= mask * 3) {
            @Nullable TileGrid[] old = table;
            int size = 8;
            while (size <= used * 4) {
                size <<= 1;
            }
            table = new TileGrid[size];
            for (TileGrid kept : old) {
                if (kept != null) {
                    put(kept);
                }
            }
        }
    }

    private void put(TileGrid grid) {
        int mask = table.length - 1;
        long perturb = hash(grid);
        long slot = perturb & mask;
        while (true) {
            int last = (int) (slot + LINEAR_PROBES <= mask ? slot + LINEAR_PROBES : slot);
            for (int i = (int) slot; i <= last; i++) {
                if (table[i] == null) {
                    table[i] = grid;
                    return;
                }
            }
            perturb >>>= PERTURB_SHIFT;
            slot = (slot * 5 + 1 + perturb) & mask;
        }
    }

    /** Python's hash of the tuple (columns, rows). */
    private static long hash(TileGrid grid) {
        long hash = round(round(PRIME_5, grid.columns()), grid.rows());
        return hash + (2 ^ PRIME_5 ^ 3527539);
    }

    private static long round(long hash, long item) {
        return Long.rotateLeft(hash + item * PRIME_2, 31) * PRIME_1;
    }
}
