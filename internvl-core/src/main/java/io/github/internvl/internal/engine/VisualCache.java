package io.github.internvl.internal.engine;

import io.github.internvl.internal.engine.SlotContent.TileHash;
import io.github.internvl.internal.torch.Tensor;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A cache of visual tokens by the pixels of their tile, so that another question about a picture need not encode it again. Beyond
 * its bound it drops the least recently used entries that no sequence holds. The engine's thread owns it.
 */
final class VisualCache implements AutoCloseable {

    /** The visual tokens of a tile, and the number of sequences that hold them. */
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

    /** Holds the visual tokens of a tile for the caller, who releases them; null if they are not cached. */
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

    /** Takes ownership of the visual tokens of a tile, and holds them for the caller, who releases them. */
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

    void release(Entry entry) {
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

    /** The number of cached tiles. */
    int tiles() {
        return entries.size();
    }

    @Override
    public void close() {
        entries.values().forEach(entry -> entry.tokens.close());
        entries.clear();
    }
}
