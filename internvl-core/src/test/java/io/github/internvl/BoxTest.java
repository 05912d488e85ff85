package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.Rectangle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BoxTest {
    @Test
    void coversWholePixels() {
        assertThat(new ChatResponse.Box("", 250, 500, 750, 1000).toPixels(640, 480))
                .isEqualTo(new Rectangle(160, 240, 320, 240));
        assertThat(new ChatResponse.Box("", 1, 1, 999, 999).toPixels(100, 100))
                .isEqualTo(new Rectangle(0, 0, 100, 100));
        assertThat(new ChatResponse.Box("", 11, 19, 20, 29).toPixels(100, 100)).isEqualTo(new Rectangle(1, 1, 1, 2));
    }

    @ParameterizedTest
    @CsvSource({"0, 0, 0, 0", "1000, 1000, 1000, 1000", "500, 0, 500, 1000", "999, 3, 1000, 3"})
    void staysInsideThePictureAndIsNeverEmpty(int x1, int y1, int x2, int y2) {
        for (int side : new int[] {1, 3, 448, 100_000}) {
            Rectangle pixels = new ChatResponse.Box("", x1, y1, x2, y2).toPixels(side, side);
            assertThat(pixels.isEmpty()).isFalse();
            assertThat(new Rectangle(side, side).contains(pixels))
                    .as("%s in %d", pixels, side)
                    .isTrue();
        }
    }

    @ParameterizedTest
    @CsvSource({"-1, 0, 5, 5", "0, 0, 1001, 5", "6, 0, 5, 5", "0, 6, 5, 5"})
    void refusesEdgesOutOfOrderOrRange(int x1, int y1, int x2, int y2) {
        assertThatThrownBy(() -> new ChatResponse.Box("dog", x1, y1, x2, y2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("[" + x1 + ", " + y1 + ", " + x2 + ", " + y2 + "]");
    }

    @Test
    void refusesAPictureWithoutPixels() {
        assertThatThrownBy(() -> new ChatResponse.Box("", 0, 0, 1, 1).toPixels(0, 5))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("0 x 5");
    }
}
