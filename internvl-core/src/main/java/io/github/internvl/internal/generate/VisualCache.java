package io.github.internvl.internal.generate;

import io.github.internvl.internal.torch.Tensor;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Visual tokens of tiles, by what the tiles show: another question about a picture need not encode it again. Unused
 * ones are dropped beyond the bound, the one first whose last use is longest ago. The engine's thread owns it.
 */
final class VisualCache implements AutoCloseable {

    /** The visual tokens of a tile, as long as somebody has a hold on them. */
    static final class Entry {
        private final Tensor tokens;
        private int holds;

        private Entry(Tensor tokens) {
            this.tokens = tokens;
        }

        /** [tokens of a tile, h]. */
        Tensor tokens() {
            return tokens;
        }
    }

    private final long mostTiles;
    private final Map<TileHash, Entry> entries = new LinkedHashMap<>(16, 0.75f, true); // in the order of their use

    VisualCache(long mostTiles) {
        this.mostTiles = mostTiles;
    }

    /** The visual tokens of a tile if they are known; whoever gets them lets go of them. */
    @Nullable
    Entry hold(TileHash tile) {
        Entry entry = entries.get(tile);
        if (entry != null) {
            entry.holds++;
        }
        return entry;
    }

    boolean knows(TileHash tile) {
        return entries.containsKey(tile);
    }

    /** Takes over the visual tokens of a tile; whoever puts them here has a hold on them. */
    Entry put(TileHash tile, Tensor tokens) {
        Entry known = hold(tile);
        if (known != null) {
            tokens.close();
            return known;
        }
        try {
            Entry entry = new Entry(tokens);
            entry.holds = 1;
            entries.put(tile, entry);
            return entry;
        } catch (OutOfMemoryError e) {
            tokens.close();
            throw e;
        }
    }

    void letGo(Entry entry) {
        entry.holds--;
        Iterator<Entry> oldestFirst = entries.values().iterator();
        long tooMany = entries.size() - mostTiles;
        while (tooMany > 0 && oldestFirst.hasNext()) {
            Entry next = oldestFirst.next();
            if (next.holds == 0) {
                oldestFirst.remove();
                next.tokens.close();
                tooMany--;
            }
        }
    }

    /** Tiles whose visual tokens it has. */
    int tiles() {
        return entries.size();
    }

    @Override
    public void close() {
        entries.values().forEach(entry -> entry.tokens.close());
        entries.clear();
    }
}
