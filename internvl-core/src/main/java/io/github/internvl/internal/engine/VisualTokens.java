package io.github.internvl.internal.engine;

import io.github.internvl.internal.model.TokenChunk;
import io.github.internvl.internal.torch.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The visual tokens of a prompt, added tile by tile; closing releases them. */
final class VisualTokens implements AutoCloseable {
    private final VisualCache cache;
    private final int perTile;
    private final List<VisualCache.Entry> tiles = new ArrayList<>();
    private int skipped;

    VisualTokens(VisualCache cache, int perTile) {
        this.cache = cache;
        this.perTile = perTile;
    }

    /** Skips the first tiles, whose keys and values are in the slot; call before the first is added. */
    void skip(int count) {
        skipped = count;
    }

    /** Takes over the held entry of the next tile. */
    void add(VisualCache.Entry tile) {
        try {
            tiles.add(tile);
        } catch (OutOfMemoryError e) {
            cache.release(tile);
            throw e;
        }
    }

    /** The number of tiles that are added or skipped. */
    int count() {
        return skipped + tiles.size();
    }

    /**
     * The visual tokens of a chunk of the prompt.
     *
     * @param places the places of visual tokens in the prompt, in order
     * @param start the first token of the chunk
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
            cache.release(tiles.remove(
                    tiles.size() - 1)); // removed first, so that close may be called again if release throws
        }
    }
}
