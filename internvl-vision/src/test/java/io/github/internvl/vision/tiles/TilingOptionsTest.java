package io.github.internvl.vision.tiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.internvl.vision.Goldens;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class TilingOptionsTest {
    private static final TilingOptions DEFAULTS = TilingOptions.defaults();

    static Stream<String[]> orders() {
        return Goldens.rows("candidates.csv", 3);
    }

    @ParameterizedTest
    @MethodSource("orders")
    void triesGridsInTheOrderOfAPythonSet(int min, int max, String order) {
        String found = DEFAULTS.withMaxTiles(max).withMinTiles(min).grids().stream()
                .map(grid -> grid.columns() + "x" + grid.rows())
                .collect(Collectors.joining(" "));
        assertThat(found).isEqualTo(order);
    }

    @ParameterizedTest
    @CsvSource({
        "448, 448, 1, 1", // one tile exactly
        "800, 1300, 2, 3",
        "4000, 3000, 4, 3",
        "300, 300, 1, 1", // too small for 2 x 2
        "700, 700, 2, 2", // more than half of 2 x 2
        "1200, 40, 12, 1",
    })
    void choosesTheNearestGrid(int width, int height, int columns, int rows) {
        assertThat(DEFAULTS.grid(width, height)).isEqualTo(new TileGrid(columns, rows));
    }

    @Test
    void aSingleTileHasNoThumbnail() {
        assertThat(new TileGrid(1, 1).tiles(true)).isEqualTo(1);
        assertThat(new TileGrid(2, 3).tiles(true)).isEqualTo(7);
        assertThat(new TileGrid(2, 3).tiles(false)).isEqualTo(6);
    }

    @Test
    void refusesNumbersThatMakeNoTiles() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DEFAULTS.withMaxTiles(0))
                .withMessage("maxTiles must be 1..1024: 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DEFAULTS.withMaxTiles(1025))
                .withMessage("maxTiles must be 1..1024: 1025");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DEFAULTS.withMinTiles(13))
                .withMessage("minTiles must be 1..maxTiles = 12: 13");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DEFAULTS.withTileSize(0))
                .withMessage("tileSize must be positive: 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DEFAULTS.withTileSize(10000))
                .withMessageEndingWith("must be below 2 GiB: maxTiles 12, tileSize 10000");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DEFAULTS.grid(0, 1))
                .withMessage("width and height must be positive: 0 x 1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new TileGrid(0, 1))
                .withMessage("columns and rows must be positive: 0 x 1");
    }

    @Test
    void variantsChangeOneNumber() {
        assertThat(DEFAULTS).isEqualTo(new TilingOptions(448, 1, 12, true));
        assertThat(DEFAULTS.withTileSize(28).withMaxTiles(6).withMinTiles(2).withThumbnail(false))
                .isEqualTo(new TilingOptions(28, 2, 6, false));
    }
}
