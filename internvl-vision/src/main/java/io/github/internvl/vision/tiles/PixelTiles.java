package io.github.internvl.vision.tiles;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The tiles of one picture for the vision encoder: uint8 [count, tileSize, tileSize, 3], row by row, red, green, blue; the
 * tiles in reading order, a thumbnail last. Safe for use by several threads; the memory, outside the
 * Java heap, is freed with the object.
 */
public final class PixelTiles {
    private final TileGrid grid;
    private final int count;
    private final int tileSize;
    private final ByteBuffer bytes;

    /** Takes over {@code bytes}, a direct buffer of count * tileSize * tileSize * 3 bytes. */
    PixelTiles(TileGrid grid, int count, int tileSize, ByteBuffer bytes) {
        this.grid = grid;
        this.count = count;
        this.tileSize = tileSize;
        this.bytes = bytes;
    }

    /** Number of tiles, including the thumbnail. */
    public int count() {
        return count;
    }

    /** Side of a tile in pixels. */
    public int tileSize() {
        return tileSize;
    }

    /** The grid that the picture was stretched to. */
    public TileGrid grid() {
        return grid;
    }

    /** The pixels: a new read-only view of the direct memory, position 0. */
    public ByteBuffer bytes() {
        return bytes.asReadOnlyBuffer().order(ByteOrder.nativeOrder());
    }

    /** Count and size in words: {@code PixelTiles[7 x 448 x 448]}. */
    @Override
    public String toString() {
        return "PixelTiles[" + count + " x " + tileSize + " x " + tileSize + "]";
    }
}
