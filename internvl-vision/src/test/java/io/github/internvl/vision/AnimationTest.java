package io.github.internvl.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import io.github.internvl.vision.spi.MediaException;
import io.github.internvl.vision.spi.MediaException.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** GIF and WebP animations as videos, against the frames that Pillow gives. */
class AnimationTest {
    static Stream<String[]> played() {
        return Goldens.rows("animations.csv", 3);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("played")
    void playsAsPillowDoes(String file, int millis, String frames) throws IOException {
        Video video = Video.of(bytes(file));
        List<String> expected = List.of(frames.split(","));
        assertThat(video.frameCount()).isEqualTo(expected.size());
        assertThat(video.framesPerSecond()).isCloseTo(expected.size() * 1000.0 / millis, within(1e-9));
        assertThat(hashes(video)).isEqualTo(expected);
        int late = expected.size() - 2;
        assertThat(video.sample(Video.Sampling.frames(1)
                        .between(late / video.framesPerSecond(), late / video.framesPerSecond())))
                .singleElement()
                .satisfies(image -> assertThat(Goldens.sha256(image.rgb())).isEqualTo(expected.get(late)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain.gif", "interlaced.gif", "lossy.webp", "alpha_lossless.webp"})
    void takesAStillPictureForAVideoOfOneFrame(String file) {
        Video video = Video.open(Goldens.image(file));
        assertThat(video.frameCount()).isEqualTo(1);
        assertThat(video.sample(Video.Sampling.frames(2)))
                .allSatisfy(frame -> assertThat(frame.contentHash())
                        .isEqualTo(Image.open(Goldens.image(file)).contentHash()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"mixed.gif", "mixed.webp"})
    void keepsToTheLimits(String file) throws IOException {
        byte[] bytes = bytes(file);
        Video.Options options = Video.Options.defaults();
        assertThat(reason(() -> Video.of(bytes, options.withMaxFramePixels(45 * 35 - 1))))
                .isEqualTo(Reason.TOO_LARGE);
        assertThat(reason(() -> Video.of(bytes, options.withMaxBytes(bytes.length - 1))))
                .isEqualTo(Reason.TOO_LARGE);
        Video video = Video.of(bytes, options.withMaxPixels(45 * 35 * 3));
        assertThat(video.sample(Video.Sampling.frames(3))).hasSize(3);
        assertThat(reason(() -> video.sample(Video.Sampling.frames(4)))).isEqualTo(Reason.TOO_LARGE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"mixed.gif", "lossy.webp"})
    void givesWholeFramesOrNoneOfAnAnimationThatIsCut(String file) throws IOException {
        byte[] whole = bytes(file);
        List<String> frames = hashes(Video.of(whole));
        int refused = 0;
        for (int length = 20; length < whole.length - 2; length += 37) {
            byte[] cut = Arrays.copyOf(whole, length);
            try {
                List<String> found = hashes(Video.of(cut));
                assertThat(found).isNotEmpty().isEqualTo(frames.subList(0, found.size()));
            } catch (MediaException e) {
                assertThat(e.reason()).isIn(Reason.TRUNCATED, Reason.CORRUPT);
                assertThat(e).hasMessageStartingWith("video bytes: ");
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(10);
    }

    @Test
    void takesAPauseThatIsTooShortForATenthOfASecond() throws IOException {
        assertThat(Video.of(bytes("mixed.gif")).framesPerSecond()).isCloseTo(7 / 0.52, within(1e-9));
    }

    private static List<String> hashes(Video video) {
        return video.sample(Video.Sampling.all()).stream()
                .map(frame -> Goldens.sha256(frame.rgb()))
                .toList();
    }

    private static Reason reason(Runnable call) {
        return catchThrowableOfType(MediaException.class, call::run).reason();
    }

    private static byte[] bytes(String file) throws IOException {
        try (InputStream in =
                Objects.requireNonNull(AnimationTest.class.getResourceAsStream("/animations/" + file), file)) {
            return in.readAllBytes();
        }
    }
}
