package io.github.internvl.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.internvl.vision.spi.MediaException;
import io.github.internvl.vision.spi.MediaException.Reason;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SamplingTest {
    /** The frames that {@code get_index} of the model cards gives. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "100 | 25.0 |  |  | 6 18 31 43 56 68 80 93",
                "90 | 29.97002997002997 |  |  | 11 33 55 78",
                "100 | 20.833333333333332 |  |  | 3 9 15 22 28 34 40 46 53 59 65 71 77 83 90 96",
                "1 | 10.0 |  |  | 0 0 0 0",
                "20 | 10.0 |  |  | 0 1 1 2 2 3 4 4 5 5 6 7 7 8 8 9 10 10 11 11 12 12 13 14 14 15 15 16 17 17 18 18",
                "6 | 2.0 |  |  | 0 1 2 3 4",
                "100 | 25.0 | 0.5 | 1.5 | 15 21 28 35",
                "100 | 25.0 | 0.02 | 0.1 | 1",
                "100 | 25.0 | 0.06 | 3.5 | 16 45 73",
                "52 | 25.0 | -0.2 | 5.1 | 3 9 16 22 29 35 41 48",
                "96 | 24.0 | 1.0 | 1.0 | 24 24 24 24",
                "180000 | 25.0 | 3600 | 3660 | 90093 90281 90468 90655 90843 91031 91218 91405"
            })
    void choosesTheReferencesFrames(
            int frameCount, double framesPerSecond, @Nullable Double from, @Nullable Double to, String indices) {
        Video.Sampling sampling = Video.Sampling.frames(indices.split(" ").length);
        if (from != null && to != null) {
            sampling = sampling.between(from, to);
        }
        assertThat(text(sampling.indices(frameCount, framesPerSecond))).isEqualTo(indices);
    }

    @Test
    void takesEveryFrameBetweenTheBounds() {
        assertThat(Video.Sampling.all().indices(4, 10)).containsExactly(0, 1, 2, 3);
        assertThat(Video.Sampling.all().between(0.1, 0.2).indices(4, 10)).containsExactly(1, 2);
    }

    @Test
    void refusesBoundsBehindTheEnd() {
        Video.Sampling late = Video.Sampling.frames(4).between(12, 22);
        MediaException failure = catchThrowableOfType(MediaException.class, () -> late.indices(20, 10));
        assertThat(failure.reason()).isEqualTo(Reason.OUT_OF_RANGE);
        assertThat(failure).hasMessageContaining("from 12.0 s to 22.0 s").hasMessageContaining("20 frames, 2.0 s");
        assertThat(catchThrowableOfType(
                        MediaException.class,
                        () -> Video.Sampling.all().between(12, 22).indices(20, 10)))
                .isNotNull();
    }

    @Test
    void refusesWhatIsNoSampling() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Video.Sampling.frames(0))
                .withMessageContaining(": 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Video.Sampling.frames(8).between(2, 1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Video.Sampling.all().between(Double.NaN, 1));
    }

    private static String text(int[] indices) {
        return Arrays.stream(indices).mapToObj(Integer::toString).collect(Collectors.joining(" "));
    }
}
