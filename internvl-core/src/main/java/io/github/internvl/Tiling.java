package io.github.internvl;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * How the pictures of a question are cut into tiles, as far as it is not left to others: {@code min_num}, {@code max_num} and
 * {@code use_thumbnail} of the model cards' {@code load_image}. Immutable.
 *
 * @param minTiles fewest tiles of a picture, without its thumbnail; at most as many as the most
 * @param maxTiles most tiles of a picture, without its thumbnail
 * @param thumbnail whether a picture of several tiles gets one more, the whole of it
 */
public record Tiling(OptionalInt minTiles, OptionalInt maxTiles, Optional<Boolean> thumbnail) {
    /** Leaves all of it to the request, and at last to the checkpoint. */
    public static final Tiling OPEN = new Tiling(OptionalInt.empty(), OptionalInt.empty(), Optional.empty());

    private static final int MOST_TILES = 1024;

    /** Checks the numbers. */
    public Tiling {
        check("minTiles", minTiles, MOST_TILES);
        check("maxTiles", maxTiles, MOST_TILES);
        check("minTiles", minTiles, maxTiles.orElse(MOST_TILES));
    }

    private static void check(String name, OptionalInt tiles, int most) {
        tiles.ifPresent(found -> {
            if (found < 1 || found > most) {
                throw new InvalidRequestException(name + " must be 1.." + most + ": " + found);
            }
        });
    }

    /** The same tiling with another fewest number of tiles. */
    public Tiling withMinTiles(int tiles) {
        return new Tiling(OptionalInt.of(tiles), maxTiles, thumbnail);
    }

    /** The same tiling with another largest number of tiles. */
    public Tiling withMaxTiles(int tiles) {
        return new Tiling(minTiles, OptionalInt.of(tiles), thumbnail);
    }

    /** The same tiling with or without a thumbnail. */
    public Tiling withThumbnail(boolean wanted) {
        return new Tiling(minTiles, maxTiles, Optional.of(wanted));
    }

    /** This tiling, and that of another where this one is open. Fewer tiles at most than the other's fewest are as few. */
    public Tiling or(Tiling other) {
        OptionalInt most = maxTiles.isPresent() ? maxTiles : other.maxTiles;
        OptionalInt least = minTiles.isPresent() ? minTiles : other.minTiles;
        OptionalInt fewest =
                least.isPresent() ? OptionalInt.of(Math.min(least.getAsInt(), most.orElse(MOST_TILES))) : least;
        return new Tiling(fewest, most, thumbnail.isPresent() ? thumbnail : other.thumbnail);
    }
}
