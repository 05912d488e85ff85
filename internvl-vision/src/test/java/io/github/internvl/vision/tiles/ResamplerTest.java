package io.github.internvl.vision.tiles;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.vision.Goldens;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.PassOrder;
import java.nio.ByteBuffer;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class ResamplerTest {
    static Stream<String[]> resizes() {
        return Goldens.rows("resize.csv", 6);
    }

    @ParameterizedTest
    @MethodSource("resizes")
    void resizesAsPillowDoes(int width, int height, int toWidth, int toHeight, String rowsFirst, String lessWorkFirst) {
        Image image = Goldens.noise(width, height);
        assertThat(Goldens.sha256(resized(image, toWidth, toHeight, PassOrder.ROWS_FIRST)))
                .isEqualTo(rowsFirst);
        assertThat(Goldens.sha256(resized(image, toWidth, toHeight, PassOrder.LESS_WORK_FIRST)))
                .isEqualTo(lessWorkFirst);
    }

    @ParameterizedTest
    @EnumSource
    void rowsMadeOneByOneAreTheSame(PassOrder order) {
        for (int[] size : new int[][] {{60, 91}, {300, 400}, {7, 640}, {8, 32}}) {
            Image image = Goldens.noise(size[0], size[1]);
            Resampler resampler = new Resampler(image, 64, 128, order);
            ByteBuffer rows = ByteBuffer.allocate(64 * 128 * 3);
            for (int y = 0; y < 128; y++) {
                resampler.rows(y, y + 1, (at, row) -> rows.put(at * row.length, row));
            }
            assertThat(rows).isEqualTo(resized(image, 64, 128, order));
        }
    }

    @ParameterizedTest
    @EnumSource
    void theSameSizeIsTheSamePicture(PassOrder order) {
        Image image = Goldens.noise(37, 23);
        assertThat(resized(image, 37, 23, order)).isEqualTo(image.rgb());
    }

    private static ByteBuffer resized(Image image, int width, int height, PassOrder order) {
        ByteBuffer whole = ByteBuffer.allocate(width * height * 3);
        new Resampler(image, width, height, order).rows(0, height, (y, row) -> whole.put(row));
        return whole.flip();
    }
}
