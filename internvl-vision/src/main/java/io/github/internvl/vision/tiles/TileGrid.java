package io.github.internvl.vision.tiles;

/**
 * The grid of tiles that a picture is stretched to, without the thumbnail.
 *
 * @param columns tiles across, at least 1
 * @param rows tiles down, at least 1
 */
public record TileGrid(int columns, int rows) {
    /** Checks the numbers. */
    public TileGrid {
        if (columns < 1 || rows < 1) {
            throw new IllegalArgumentException("columns and rows must be positive: " + columns + " x " + rows);
        }
    }

    /** Number of tiles; a thumbnail, where wanted, is one more unless there is only one tile. */
    public int tiles(boolean thumbnail) {
        int tiles = columns * rows;
        return thumbnail && tiles > 1 ? tiles + 1 : tiles;
    }
}
