package io.github.internvl.vision.tiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.internvl.vision.Goldens;
import io.github.internvl.vision.Image;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ImageProcessorTest {
    private static final ImageProcessor SERIAL = new ImageProcessor(1);
    private static final ImageProcessor PARALLEL = new ImageProcessor(5);

    static Stream<String[]> tilings() {
        return Goldens.rows("tiles.csv", 9);
    }

    @ParameterizedTest
    @MethodSource("tilings")
    void tilesAsTheReferenceDoes(
            int width, int height, int size, int min, int max, boolean thumbnail, int columns, int rows, String hash) {
        TilingOptions options = new TilingOptions(size, min, max, thumbnail);
        Image image = Goldens.noise(width, height);
        PixelTiles tiles = PARALLEL.tile(image, options);
        assertThat(tiles.grid()).isEqualTo(new TileGrid(columns, rows));
        assertThat(tiles.tileSize()).isEqualTo(size);
        assertThat(tiles.count()).isEqualTo(ImageProcessor.countTiles(image, options));
        assertThat(Goldens.sha256(tiles.bytes())).isEqualTo(hash);
    }

    @Test
    void theNumberOfThreadsChangesNothing() {
        for (Image image : List.of(Goldens.noise(901, 703), Goldens.noise(300, 1000), Goldens.noise(2, 1))) {
            TilingOptions options = TilingOptions.defaults();
            assertThat(PARALLEL.tile(image, options).bytes())
                    .isEqualTo(SERIAL.tile(image, options).bytes());
        }
    }

    @Test
    void manyPicturesKeepTheirOrder() {
        List<Image> images = List.of(Goldens.noise(30, 20), Goldens.noise(500, 100), Goldens.noise(64, 64));
        TilingOptions options = TilingOptions.defaults().withTileSize(56).withMaxTiles(6);
        List<PixelTiles> together = PARALLEL.tile(images, options);
        for (int i = 0; i < images.size(); i++) {
            assertThat(together.get(i).bytes())
                    .isEqualTo(SERIAL.tile(images.get(i), options).bytes());
        }
        assertThat(PARALLEL.tile(List.of(), options)).isEmpty();
    }

    @Test
    void theBytesAreDirectReadOnlyAndWhole() {
        PixelTiles tiles =
                SERIAL.tile(Goldens.noise(100, 50), TilingOptions.defaults().withMaxTiles(2));
        ByteBuffer bytes = tiles.bytes();
        assertThat(bytes.isDirect()).isTrue();
        assertThat(bytes.isReadOnly()).isTrue();
        assertThat(bytes.position()).isZero();
        assertThat(bytes.remaining()).isEqualTo(3 * 448 * 448 * 3);
        assertThat(tiles).hasToString("PixelTiles[3 x 448 x 448]");
    }

    @Test
    void needsAThread() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ImageProcessor(0))
                .withMessage("threads must be at least 1: 0");
    }
}
