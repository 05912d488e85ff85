package io.github.internvl.internal.generate;

import java.util.Arrays;
import java.util.List;

/**
 * The tokens whose keys and values a slot holds, or shall hold.
 *
 * @param ids the tokens
 * @param visualPlaces where visual tokens stand in place of them, in order
 * @param tiles the tiles that these come from; all have as many
 */
record Content(int[] ids, int[] visualPlaces, List<TileHash> tiles) {
    static final Content NONE = new Content(new int[0], new int[0], List.of());

    int length() {
        return ids.length;
    }

    /** The first of its tokens. */
    Content first(int tokens) {
        return tokens >= ids.length ? this : new Content(Arrays.copyOf(ids, tokens), visualPlaces, tiles);
    }

    /** With some more tokens, none of them visual. */
    Content and(int[] more) {
        int[] all = Arrays.copyOf(ids, ids.length + more.length);
        System.arraycopy(more, 0, all, ids.length, more.length);
        return new Content(all, visualPlaces, tiles);
    }

    /** How many tokens both begin with. */
    int common(Content other) {
        int mismatch = Arrays.mismatch(ids, other.ids);
        int equal = mismatch < 0 ? ids.length : mismatch;
        for (int i = 0; i < Math.max(visualPlaces.length, other.visualPlaces.length); i++) {
            int place = place(i);
            int theirs = other.place(i);
            if (Math.min(place, theirs) >= equal) {
                break;
            }
            if (place != theirs || !tile(i).equals(other.tile(i))) {
                return Math.min(place, theirs);
            }
        }
        return equal;
    }

    private int place(int i) {
        return i < visualPlaces.length ? visualPlaces[i] : Integer.MAX_VALUE;
    }

    private TileHash tile(int i) {
        return tiles.get(i / (visualPlaces.length / tiles.size()));
    }
}
