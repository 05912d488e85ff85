package io.github.internvl.video;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.internvl.vision.Image;
import io.github.internvl.vision.spi.MediaException;
import io.github.internvl.vision.spi.MediaException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** AVIF and HEIC through FFmpeg, against what libavif and libheif decode. */
class HeifTest {
    private static final Path FOLDER = Path.of("src/test/resources/heif");

    /** Colours at half the resolution are spread differently; the codecs themselves give the same planes. */
    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "420.avif, 1.5, 10",
        "alpha.avif, 1.5, 10",
        "several.avif, 1.5, 10",
        "limited.avif, 1.5, 10",
        "turned.avif, 1.5, 10",
        "grid.avif, 1.5, 10",
        "444.avif, 0.2, 1",
        "gray.avif, 0, 0",
        "420.heic, 0.7, 2",
        "odd.heic, 0.7, 2",
        "alpha.heic, 0.7, 2",
        "several.heic, 0.7, 2",
        "turned.heic, 0.7, 2",
        "grid.heic, 0.7, 2",
        "444.heic, 0.01, 1",
    })
    void decodesWhatTheReferencesDo(String name, double mean, int most) {
        assertNear(Image.open(FOLDER.resolve(name)), name.replace('.', '_') + ".png", mean, most);
    }

    @Test
    void turnsAnAvifWhereItIsAskedTo() {
        Image.Options upright = Image.Options.defaults().withApplyExifOrientation(true);
        assertNear(Image.open(FOLDER.resolve("turned.avif"), upright), "turned_avif_upright.png", 1.5, 10);
    }

    private static void assertNear(Image image, String reference, double mean, int most) {
        Image expected = Image.open(FOLDER.resolve(reference));
        assertThat(image).hasToString(expected.toString());
        ByteBuffer left = image.rgb();
        ByteBuffer right = expected.rgb();
        long sum = 0;
        int largest = 0;
        for (int i = 0; i < left.limit(); i++) {
            int difference = Math.abs((left.get(i) & 0xff) - (right.get(i) & 0xff));
            sum += difference;
            largest = Math.max(largest, difference);
        }
        assertThat((double) sum / left.limit()).as("mean difference").isLessThanOrEqualTo(mean);
        assertThat(largest).as("largest difference").isLessThanOrEqualTo(most);
    }

    @ParameterizedTest
    @CsvSource({"420.avif", "420.heic", "grid.heic"})
    void refusesLargePicturesByTheirHeader(String name) throws IOException {
        byte[] bytes = Files.readAllBytes(FOLDER.resolve(name));
        assertThat(failure(bytes, Image.Options.defaults().withMaxPixels(6000)).reason())
                .isEqualTo(Reason.TOO_LARGE);
        for (int size = first(bytes, "ispe", 0); size >= 0; size = first(bytes, "ispe", size + 1)) {
            ByteBuffer.wrap(bytes).putInt(size + 8, 1 << 19).putInt(size + 12, 1 << 19);
        }
        assertThat(failure(bytes, Image.Options.defaults()).reason()).isEqualTo(Reason.TOO_LARGE);
    }

    @ParameterizedTest
    @CsvSource({
        "420.avif, ispe, CORRUPT, must have the property ispe",
        "420.avif, av1C, CORRUPT, must have the property av1C",
        "420.avif, iloc, UNSUPPORTED_FORMAT, must lie in the file",
        "420.avif, av01, UNSUPPORTED_FORMAT, must be AV1",
        "420.avif, meta, UNSUPPORTED_FORMAT, Video.open opens those",
        "grid.heic, dimg, CORRUPT, must have a tile for each place",
        "420.avif, pitm, CORRUPT, must have the property ispe",
    })
    void saysWhatIsMissing(String name, String box, Reason reason, String found) throws IOException {
        byte[] bytes = Files.readAllBytes(FOLDER.resolve(name));
        bytes[first(bytes, box, 0)] = 'x';
        MediaException failure = failure(bytes, Image.Options.defaults());
        assertThat(failure).hasMessageContaining(found);
        assertThat(failure.reason()).isEqualTo(reason);
    }

    @ParameterizedTest
    @CsvSource({"420.avif", "grid.avif", "420.heic", "grid.heic"})
    void refusesWhatIsCutOff(String name) throws IOException {
        byte[] bytes = Files.readAllBytes(FOLDER.resolve(name));
        for (int length = 12; length < bytes.length; length += 31) {
            assertThat(failure(Arrays.copyOf(bytes, length), Image.Options.defaults())
                            .reason())
                    .isIn(Reason.TRUNCATED, Reason.CORRUPT, Reason.UNSUPPORTED_FORMAT);
        }
    }

    private static MediaException failure(byte[] bytes, Image.Options options) {
        return catchThrowableOfType(MediaException.class, () -> Image.of(bytes, options));
    }

    private static int first(byte[] bytes, String box, int from) {
        return new String(bytes, StandardCharsets.ISO_8859_1).indexOf(box, from);
    }
}
