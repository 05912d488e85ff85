package io.github.internvl.vision.tiles;

import io.github.internvl.vision.Image;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The preprocessing of pictures into tiles, exactly as InternVL's {@code dynamic_preprocess} does it with Pillow: the
 * picture is stretched to the nearest grid with bicubic resampling and cut up; the thumbnail is a second resize of the
 * original. Normalisation is part of the vision graph.
 *
 * <p>Safe for use by several threads. Bands of tiles are resampled in parallel by the calling thread and by daemon threads
 * of this object, which end by themselves when idle: there is nothing to close. The result never depends on their number.
 */
public final class ImageProcessor {
    /** Fewest rows of a band, since each band repeats the source rows at its borders. */
    private static final int LEAST_BAND_ROWS = 64;

    private final Workers workers;

    /** A processor that uses all processors of the machine. */
    public ImageProcessor() {
        this(Runtime.getRuntime().availableProcessors());
    }

    /** A processor that uses at most {@code threads} threads, at least 1, including the calling thread. */
    public ImageProcessor(int threads) {
        workers = new Workers(threads);
    }

    /** The number of tiles of a picture, including the thumbnail, without resampling it. */
    public static int countTiles(Image image, TilingOptions options) {
        return options.of(image).grid(image.width(), image.height()).tiles(options.thumbnail());
    }

    /** Tiles one picture. */
    public PixelTiles tile(Image image, TilingOptions options) {
        return tile(List.of(image), options).get(0);
    }

    /** Tiles all pictures at once by the same options; a picture's own limit of tiles goes before theirs. The results are in the order of the pictures. */
    public List<PixelTiles> tile(List<Image> images, TilingOptions options) {
        List<PixelTiles> results = new ArrayList<>(images.size());
        List<Runnable> bands = new ArrayList<>();
        for (Image image : images) {
            results.add(plan(image, options, bands));
        }
        workers.run(bands);
        return List.copyOf(results);
    }

    /** Allocates the tiles of one picture and adds the work that fills them to {@code bands}. */
    private PixelTiles plan(Image image, TilingOptions options, List<Runnable> bands) {
        TileGrid grid = options.of(image).grid(image.width(), image.height());
        int size = options.tileSize();
        int count = grid.tiles(options.thumbnail());
        ByteBuffer tiles = ByteBuffer.allocateDirect(count * size * size * 3);
        addBands(image, grid, options, tiles, 0, bands);
        int gridTiles = grid.tiles(false);
        if (count > gridTiles) {
            addBands(image, new TileGrid(1, 1), options, tiles, gridTiles, bands);
        }
        return new PixelTiles(grid, count, size, tiles);
    }

    private void addBands(
            Image image, TileGrid grid, TilingOptions options, ByteBuffer tiles, int firstTile, List<Runnable> bands) {
        int size = options.tileSize();
        Resampler resampler = new Resampler(image, grid.columns() * size, grid.rows() * size, options.passOrder());
        int height = grid.rows() * size;
        int rowsPerBand = Math.max(LEAST_BAND_ROWS, height / (2 * workers.threads()) + 1);
        int tileRowBytes = size * 3;
        for (int from = 0; from < height; from += rowsPerBand) {
            int first = from;
            int last = Math.min(height, from + rowsPerBand);
            bands.add(() -> resampler.rows(first, last, (y, row) -> {
                int tile = firstTile + y / size * grid.columns();
                for (int column = 0; column < grid.columns(); column++) {
                    int target = ((tile + column) * size + y % size) * tileRowBytes;
                    tiles.put(target, row, column * tileRowBytes, tileRowBytes);
                }
            }));
        }
    }
}
