package io.github.internvl.vision.tiles;

import io.github.internvl.vision.Image;
import io.github.internvl.vision.PassOrder;
import java.util.List;

/**
 * Options for cutting a picture into tiles. Immutable; derive a variant with the {@code with} methods. The defaults are those of
 * InternVL's model cards ({@code load_image}): 448 pixels, 1 to 12 tiles, with a thumbnail.
 *
 * @param tileSize side of a tile in pixels, at least 1
 * @param minTiles fewest tiles of a grid, at least 1
 * @param maxTiles most tiles of a grid, {@code minTiles} to 1024, the thumbnail not counted
 * @param thumbnail whether a picture of several tiles gets one more: the whole picture as a single tile
 * @param passOrder the first pass of the resize
 */
public record TilingOptions(int tileSize, int minTiles, int maxTiles, boolean thumbnail, PassOrder passOrder) {
    private static final int MOST_TILES = 1024;
    private static final TilingOptions DEFAULTS = new TilingOptions(448, 1, 12, true);

    /** Checks the numbers. */
    public TilingOptions {
        if (tileSize < 1) {
            throw new IllegalArgumentException("tileSize must be positive: " + tileSize);
        }
        if (maxTiles < 1 || maxTiles > MOST_TILES) {
            throw new IllegalArgumentException("maxTiles must be 1.." + MOST_TILES + ": " + maxTiles);
        }
        if (minTiles < 1 || minTiles > maxTiles) {
            throw new IllegalArgumentException("minTiles must be 1..maxTiles = " + maxTiles + ": " + minTiles);
        }
        if ((maxTiles + 1.0) * tileSize * tileSize * 3 > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "(maxTiles + 1) x tileSize x tileSize x 3 bytes must be below 2 GiB: maxTiles " + maxTiles
                            + ", tileSize " + tileSize);
        }
    }

    /** Options that resize along rows first. */
    public TilingOptions(int tileSize, int minTiles, int maxTiles, boolean thumbnail) {
        this(tileSize, minTiles, maxTiles, thumbnail, PassOrder.ROWS_FIRST);
    }

    /** 448 pixels, 1 to 12 tiles, with a thumbnail, along rows first. */
    public static TilingOptions defaults() {
        return DEFAULTS;
    }

    /** These options with another tile side. */
    public TilingOptions withTileSize(int pixels) {
        return new TilingOptions(pixels, minTiles, maxTiles, thumbnail, passOrder);
    }

    /** These options with another fewest number of tiles. */
    public TilingOptions withMinTiles(int tiles) {
        return new TilingOptions(tileSize, tiles, maxTiles, thumbnail, passOrder);
    }

    /** These options with another largest number of tiles; 1 gives one tile and no thumbnail, as for video frames. */
    public TilingOptions withMaxTiles(int tiles) {
        return new TilingOptions(tileSize, minTiles, tiles, thumbnail, passOrder);
    }

    /** These options for a picture: with its own limit of tiles, where it has one. */
    TilingOptions of(Image image) {
        return image.maxTiles().isEmpty()
                ? this
                : withMinTiles(Math.min(minTiles, image.maxTiles().getAsInt()))
                        .withMaxTiles(image.maxTiles().getAsInt());
    }

    /** These options with or without the thumbnail. */
    public TilingOptions withThumbnail(boolean wanted) {
        return new TilingOptions(tileSize, minTiles, maxTiles, wanted, passOrder);
    }

    /** These options with another order of the resize's passes. */
    public TilingOptions withPassOrder(PassOrder order) {
        return new TilingOptions(tileSize, minTiles, maxTiles, thumbnail, order);
    }

    /**
     * The grids that these options allow, in the order in which the reference tries them: by number of tiles, and among
     * equals in the order in which Python iterates over a set of such pairs.
     */
    public List<TileGrid> grids() {
        return GridSet.inOrder(minTiles, maxTiles);
    }

    /**
     * The grid whose aspect ratio is nearest to the picture's ({@code find_closest_aspect_ratio} of the model card). Of
     * equally near grids a later one wins if the picture has more than half of that grid's pixels.
     *
     * @param width width of the picture in pixels, at least 1
     * @param height height of the picture in pixels, at least 1
     */
    public TileGrid grid(int width, int height) {
        if (width < 1 || height < 1) {
            throw new IllegalArgumentException("width and height must be positive: " + width + " x " + height);
        }
        double aspect = (double) width / height;
        double area = (double) width * height;
        double nearest = Double.POSITIVE_INFINITY;
        TileGrid best = new TileGrid(1, 1);
        for (TileGrid grid : grids()) {
            double distance = Math.abs(aspect - (double) grid.columns() / grid.rows());
            double gridArea = (double) tileSize * tileSize * grid.columns() * grid.rows();
            if (distance < nearest || (distance == nearest && area > 0.5 * gridArea)) {
                nearest = distance;
                best = grid;
            }
        }
        return best;
    }
}
