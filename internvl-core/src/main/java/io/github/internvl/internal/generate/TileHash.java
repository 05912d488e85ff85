package io.github.internvl.internal.generate;

import io.github.internvl.vision.tiles.PixelTiles;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;

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
