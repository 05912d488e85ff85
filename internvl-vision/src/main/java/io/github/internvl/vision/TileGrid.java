package io.github.internvl.vision;

/**
 * The grid of tiles a picture is stretched to, thumbnail aside.
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

    /**
     * The grid whose aspect ratio is nearest to the picture's ({@code find_closest_aspect_ratio} of the model card). Of
     * equally near grids a later one wins if the picture has more than half of that grid's pixels.
     *
     * @param width width of the picture in pixels, at least 1
     * @param height height of the picture in pixels, at least 1
     */
    public static TileGrid choose(int width, int height, TilingOptions options) {
        if (width < 1 || height < 1) {
            throw new IllegalArgumentException("width and height must be positive: " + width + " x " + height);
        }
        double aspect = (double) width / height;
        double area = (double) width * height;
        double nearest = Double.POSITIVE_INFINITY;
        TileGrid best = new TileGrid(1, 1);
        for (TileGrid grid : options.grids()) {
            double distance = Math.abs(aspect - (double) grid.columns / grid.rows);
            double gridArea = (double) options.tileSize() * options.tileSize() * grid.columns * grid.rows;
            if (distance < nearest || (distance == nearest && area > 0.5 * gridArea)) {
                nearest = distance;
                best = grid;
            }
        }
        return best;
    }

    /** Number of tiles; a thumbnail, where wanted, is one more unless there is only one tile. */
    public int tiles(boolean thumbnail) {
        int tiles = columns * rows;
        return thumbnail && tiles > 1 ? tiles + 1 : tiles;
    }
}
