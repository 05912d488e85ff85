package io.github.internvl.internal.generate;

import io.github.internvl.internal.model.TokenChunk;
import io.github.internvl.internal.torch.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The visual tokens of a prompt, tile by tile as they become known; closing it lets go of them. */
final class VisualTokens implements AutoCloseable {
    private final VisualCache cache;
    private final int perTile;
    private final List<VisualCache.Entry> tiles = new ArrayList<>();
    private int skipped;

    VisualTokens(VisualCache cache, int perTile) {
        this.cache = cache;
        this.perTile = perTile;
    }

    /** The first tiles are not needed; say so before the first is added. */
    void skip(int count) {
        skipped = count;
    }

    /** Takes over a hold on the next tile's. */
    void add(VisualCache.Entry tile) {
        try {
            tiles.add(tile);
        } catch (OutOfMemoryError e) {
            cache.letGo(tile);
            throw e;
        }
    }

    /** Tiles that are here or not needed. */
    int count() {
        return skipped + tiles.size();
    }

    /**
     * The visual tokens of a chunk of the prompt.
     *
     * @param places where in the prompt visual tokens go, in order
     * @param start first token of the chunk
     * @param end one past its last token
     */
    TokenChunk.Visual within(int[] places, int start, int end) {
        int from = lowerBound(places, start);
        int to = lowerBound(places, end);
        if (from == to) {
            return TokenChunk.Visual.NONE;
        }
        List<Tensor> taken = new ArrayList<>();
        List<Integer> firsts = new ArrayList<>();
        List<Integer> takes = new ArrayList<>();
        for (int tile = from / perTile; tile * perTile < to; tile++) {
            int first = Math.max(from - tile * perTile, 0);
            taken.add(tiles.get(tile - skipped).tokens());
            firsts.add(first);
            takes.add(Math.min(to - tile * perTile, perTile) - first);
        }
        int[] own = Arrays.stream(places, from, to).map(p -> p - start).toArray();
        return new TokenChunk.Visual(taken, ints(firsts), ints(takes), own);
    }

    private static int lowerBound(int[] sorted, int value) {
        int at = Arrays.binarySearch(sorted, value);
        return at < 0 ? -at - 1 : at;
    }

    private static int[] ints(List<Integer> list) {
        return list.stream().mapToInt(Integer::intValue).toArray();
    }

    @Override
    public void close() {
        while (!tiles.isEmpty()) {
            cache.letGo(tiles.remove(tiles.size() - 1)); // out of the list first: what throws may be tried again
        }
    }
}
