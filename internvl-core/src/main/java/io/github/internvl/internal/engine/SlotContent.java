package io.github.internvl.internal.engine;

import io.github.internvl.vision.tiles.PixelTiles;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The tokens whose keys and values a slot holds, or will hold.
 *
 * @param ids the tokens
 * @param visualPlaces the places of visual tokens among them, in order
 * @param tiles the tiles that the visual tokens come from, each with the same number
 */
record SlotContent(int[] ids, int[] visualPlaces, List<TileHash> tiles) {
    /** The SHA-256 of a tile's pixels, by which equal tiles share their visual tokens. */
    record TileHash(long a, long b, long c, long d) {

        /** The hashes of all tiles of some pictures, in order. */
        static List<TileHash> of(List<PixelTiles> pictures) {
            MessageDigest sha;
            try {
                sha = MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException e) {
                throw new AssertionError("every Java has SHA-256", e);
            }
            List<TileHash> hashes = new ArrayList<>();
            for (PixelTiles picture : pictures) {
                int bytes = picture.tileSize() * picture.tileSize() * 3;
                for (int tile = 0; tile < picture.count(); tile++) {
                    sha.update(picture.bytes().slice(tile * bytes, bytes));
                    ByteBuffer digest = ByteBuffer.wrap(sha.digest());
                    hashes.add(new TileHash(digest.getLong(), digest.getLong(), digest.getLong(), digest.getLong()));
                }
            }
            return hashes;
        }
    }

    static final SlotContent NONE = new SlotContent(new int[0], new int[0], List.of());

    int length() {
        return ids.length;
    }

    /** The first of its tokens. */
    SlotContent first(int tokens) {
        return tokens >= ids.length ? this : new SlotContent(Arrays.copyOf(ids, tokens), visualPlaces, tiles);
    }

    /** The content with more tokens after it, none of them visual. */
    SlotContent and(int[] more) {
        int[] all = Arrays.copyOf(ids, ids.length + more.length);
        System.arraycopy(more, 0, all, ids.length, more.length);
        return new SlotContent(all, visualPlaces, tiles);
    }

    /** The number of tokens that both begin with. */
    int common(SlotContent other) {
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
