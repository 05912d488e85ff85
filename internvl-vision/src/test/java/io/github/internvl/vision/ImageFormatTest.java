package io.github.internvl.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.management.ThreadMXBean;
import io.github.internvl.vision.spi.ImageFile;
import io.github.internvl.vision.spi.MediaException;
import io.github.internvl.vision.spi.MediaException.Reason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import javax.imageio.ImageReader;
import javax.imageio.spi.IIORegistry;
import javax.imageio.spi.ImageReaderSpi;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Decoding of every format and kind, against what Pillow makes of the same bytes. */
class ImageFormatTest {
    private static final Image.Options UPRIGHT = Image.Options.defaults().withApplyExifOrientation(true);
    private static final int PIXEL_MEMORY = 1 << 20;

    static Stream<String[]> decodable() {
        return Goldens.rows("images.csv", 7).filter(row -> row.length == 7);
    }

    static Stream<String> refused() {
        return Goldens.rows("images.csv", 7).filter(row -> row.length < 7).map(row -> row[0]);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("decodable")
    void decodesTheReferencesPixels(
            String file, int width, int height, String rgb, int uprightWidth, int uprightHeight, String upright) {
        Image stored = Image.open(Goldens.image(file));
        assertThat(stored).hasToString("Image[" + width + " x " + height + "]");
        assertThat(Goldens.sha256(stored.rgb())).isEqualTo(rgb);

        Image turned = Image.open(Goldens.image(file), UPRIGHT);
        assertThat(turned).hasToString("Image[" + uprightWidth + " x " + uprightHeight + "]");
        assertThat(Goldens.sha256(turned.rgb())).isEqualTo(upright);
    }

    @ParameterizedTest
    @CsvSource({
        "bad_12_bits.jpg, UNSUPPORTED_FORMAT",
        "bad_block.gif, CORRUPT",
        "bad_bomb.png, TOO_LARGE",
        "bad_codes_alpha.webp, CORRUPT",
        "bad_codes_frame.webp, CORRUPT",
        "bad_codes_little.webp, CORRUPT",
        "bad_codes_much.webp, CORRUPT",
        "bad_data.png, CORRUPT",
        "bad_data.webp, TRUNCATED",
        "bad_end_in_comment.jpg, TRUNCATED",
        "bad_half.bmp, TRUNCATED",
        "bad_half.gif, TRUNCATED",
        "bad_half.jpg, TRUNCATED",
        "bad_half.png, TRUNCATED",
        "bad_half.tif, TRUNCATED",
        "bad_half.webp, TRUNCATED",
        "bad_half_raw.tif, TRUNCATED",
        "bad_header_only.jpg, TRUNCATED",
        "bad_header_sum.png, CORRUPT",
        "bad_no_data.png, TRUNCATED",
        "bad_no_end.jpg, TRUNCATED",
        "bad_no_scan.jpg, CORRUPT",
    })
    void namesTheReasonAndTheFileThatIsBad(String file, Reason reason) {
        MediaException failure = catchThrowableOfType(MediaException.class, () -> Image.open(Goldens.image(file)));
        assertThat(failure.reason()).isEqualTo(reason);
        assertThat(failure).hasMessageStartingWith(Goldens.image(file) + ": ");
    }

    @ParameterizedTest
    @MethodSource("refused")
    void decodesNothingThatTheReferenceRefuses(String file) {
        assertThatExceptionOfType(MediaException.class).isThrownBy(() -> Image.open(Goldens.image(file)));
    }

    @Test
    void refusesByNameWhatWouldComeOutOtherwiseThanInTheReference() throws IOException {
        Path folder = Goldens.image("../unsupported/lab.tif").getParent();
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.toList()).hasSizeGreaterThan(10).allSatisfy(file -> {
                MediaException failure = catchThrowableOfType(MediaException.class, () -> Image.open(file));
                assertThat(failure.reason()).isEqualTo(Reason.UNSUPPORTED_FORMAT);
                assertThat(failure).hasMessageStartingWith(file + ": a").hasMessageContaining("; convert it");
            });
        }
    }

    @ParameterizedTest
    @MethodSource("decodable")
    void anythingCutOffGivesATypedErrorOrThePicture(String file) throws IOException {
        byte[] whole = Files.readAllBytes(Goldens.image(file));
        Image expected = Image.of(whole);
        for (int length = 0; length < whole.length; length += 1 + whole.length / 40) {
            byte[] cut = Arrays.copyOf(whole, length);
            try {
                assertThat(Image.of(cut).contentHash()).isEqualTo(expected.contentHash());
            } catch (MediaException e) {
                assertThat(e.reason()).isIn(Reason.EMPTY, Reason.NOT_AN_IMAGE, Reason.TRUNCATED, Reason.CORRUPT);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("decodable")
    void refusesLargePicturesBeforeTakingMemoryForThem(String file, int width, int height) throws IOException {
        byte[] bytes = Files.readAllBytes(Goldens.image(file));
        long pixels = (long) width * height;
        Image.Options tooSmall = Image.Options.defaults().withMaxPixels(Math.max(1, pixels - 1));
        if (pixels > 1) {
            assertThatExceptionOfType(MediaException.class)
                    .isThrownBy(() -> Image.of(bytes, tooSmall))
                    .withMessageContaining(
                            "at most " + (pixels - 1) + " pixels: " + widthAndHeight(file, width, height))
                    .matches(e -> e.reason() == Reason.TOO_LARGE);
        }
        assertThat(Image.of(bytes, tooSmall.withMaxPixels(pixels)).width()).isEqualTo(width);
    }

    @ParameterizedTest
    @CsvSource({"30000, TOO_LARGE", "13000, TRUNCATED", "2000000000, TOO_LARGE", "0, CORRUPT"})
    void aHeaderThatLiesCostsNoMemory(int side, Reason reason) throws IOException {
        byte[] bytes = Files.readAllBytes(Goldens.image("bad_bomb.png"));
        ByteBuffer.wrap(bytes).putInt(16, side).putInt(20, side);
        CRC32 sum = new CRC32();
        sum.update(bytes, 12, 17);
        ByteBuffer.wrap(bytes).putInt(29, (int) sum.getValue());

        assertRefusedWithoutMemory(bytes, reason);
    }

    /** Found by damaging files: a count above 2^31 was taken for a small one. */
    @Test
    void aTagOfBillionsOfValuesIsNotRead() throws IOException {
        byte[] bytes = Files.readAllBytes(Goldens.image("gray.tif"));
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(tag(bytes, 258) + 4, 0x80000000);
        assertRefusedWithoutMemory(bytes, Reason.TRUNCATED);
    }

    @Test
    void tilesOrSamplesBeyondThePictureCostNoMemory() throws IOException {
        byte[] vast = Files.readAllBytes(Goldens.image("tiled.tif"));
        ByteBuffer file = ByteBuffer.wrap(vast).order(ByteOrder.LITTLE_ENDIAN);
        file.putShort(tag(vast, 322) + 8, (short) 60000).putShort(tag(vast, 323) + 8, (short) 60000);
        assertRefusedWithoutMemory(vast, Reason.TOO_LARGE);

        byte[] many = Files.readAllBytes(Goldens.image("tiled.tif"));
        ByteBuffer.wrap(many).order(ByteOrder.LITTLE_ENDIAN).putShort(tag(many, 277) + 8, (short) 1000);
        assertRefusedWithoutMemory(many, Reason.UNSUPPORTED_FORMAT);
    }

    /** Where the entry of a tag begins. */
    private static int tag(byte[] tiff, int number) {
        ByteBuffer file = ByteBuffer.wrap(tiff).order(ByteOrder.LITTLE_ENDIAN);
        int entry = file.getInt(4) + 2;
        while (file.getShort(entry) != number) {
            entry += 12;
        }
        return entry;
    }

    /** A scan of a few bytes costs as much time as the picture has pixels. */
    @Test
    void refusesMoreScansThanAnyEncoderMakes() throws IOException {
        byte[] jpeg = Files.readAllBytes(Goldens.image("444_progressive.jpg"));
        int scan = jpeg.length - 2;
        while (jpeg[scan] != (byte) 0xff || jpeg[scan + 1] != (byte) 0xda) {
            scan--;
        }
        byte[] last = Arrays.copyOfRange(jpeg, scan, jpeg.length - 2);
        ByteArrayOutputStream bomb = new ByteArrayOutputStream();
        bomb.write(jpeg, 0, jpeg.length - 2);
        for (int i = 0; i < 50; i++) {
            bomb.writeBytes(last);
        }
        bomb.write(jpeg, jpeg.length - 2, 2);
        assertRefusedWithoutMemory(bomb.toByteArray(), Reason.TOO_LARGE);
    }

    @Test
    void aTruncatedFileCostsNoMemory() throws IOException {
        byte[] jpeg = Files.readAllBytes(Goldens.image("bad_half.jpg"));
        int frame = 0;
        while (jpeg[frame] != (byte) 0xff || jpeg[frame + 1] != (byte) 0xc0) {
            frame++;
        }
        ByteBuffer.wrap(jpeg).putShort(frame + 5, (short) 13000).putShort(frame + 7, (short) 13000);
        assertRefusedWithoutMemory(jpeg, Reason.TRUNCATED);

        byte[] bmp = Files.readAllBytes(Goldens.image("rgb24.bmp"));
        ByteBuffer.wrap(bmp).order(ByteOrder.LITTLE_ENDIAN).putInt(18, 13000).putInt(22, 13000);
        assertRefusedWithoutMemory(bmp, Reason.TRUNCATED);
    }

    private static void assertRefusedWithoutMemory(byte[] bytes, Reason reason) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        assertThatExceptionOfType(MediaException.class).isThrownBy(() -> Image.of(bytes)); // loads the classes
        long before = threads.getCurrentThreadAllocatedBytes();
        MediaException failure = catchThrowableOfType(MediaException.class, () -> Image.of(bytes));
        long taken = threads.getCurrentThreadAllocatedBytes() - before;
        assertThat(failure.reason()).isEqualTo(reason);
        assertThat(taken).isLessThan(PIXEL_MEMORY);
    }

    @Test
    void refusesSidesBeyondAMillionPixels() {
        ImageFile image = new ImageFile("long.png", new byte[0], Long.MAX_VALUE, false);
        assertThatExceptionOfType(MediaException.class)
                .isThrownBy(() -> image.checkSize(1, 1_048_577))
                .withMessage("long.png: the sides of an image must be at most 1048576 pixels: 1 x 1048577; shrink it");
    }

    @ParameterizedTest
    @CsvSource({
        "'<html><body>cat</body></html>', NOT_AN_IMAGE, an image must be PNG",
        "BM is how this text begins, NOT_AN_IMAGE, BM is how this t",
        "'', EMPTY, there are no bytes",
        "'....ftypisom', UNSUPPORTED_FORMAT, (isom); convert it",
        "'....ftypheic', NO_DECODER, AVIF and HEIC pictures need a decoder",
        "'II+.', NOT_AN_IMAGE, II+.",
    })
    void tellsWhatTheBytesAreInstead(String text, Reason reason, String found) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        MediaException failure = catchThrowableOfType(MediaException.class, () -> Image.of(bytes));
        assertThat(failure.reason()).isEqualTo(reason);
        assertThat(failure).hasMessageContaining(found);
    }

    @Test
    void namesTheArtifactThatDecodesAvif() {
        Path file = Path.of("../internvl-video/src/test/resources/heif/420.avif");
        MediaException failure = catchThrowableOfType(MediaException.class, () -> Image.open(file));
        assertThat(failure.reason()).isEqualTo(Reason.NO_DECODER);
        assertThat(failure)
                .hasMessage(
                        file + ": AVIF and HEIC pictures need a decoder: none is on the class path; add the artifact"
                                + " io.github.internvl:internvl-video");
    }

    @ParameterizedTest
    @CsvSource({"444.jpg", "rgba.png", "rgb24.bmp", "predictor.tif", "lossless.webp"})
    void pluginsOnTheClassPathAreNeverAsked(String file) {
        IIORegistry registry = IIORegistry.getDefaultInstance();
        Trap trap = new Trap();
        registry.registerServiceProvider(trap);
        try {
            assertThat(Image.open(Goldens.image(file)).width()).isPositive();
        } finally {
            registry.deregisterServiceProvider(trap);
        }
    }

    private static String widthAndHeight(String file, int width, int height) {
        boolean turnedByTheDecoder = file.toLowerCase(Locale.ROOT).matches("turned[5-8].tif");
        return turnedByTheDecoder ? height + " x " + width : width + " x " + height;
    }

    /** A reader that claims every input and can read none. */
    private static final class Trap extends ImageReaderSpi {
        Trap() {
            vendorName = "trap";
            version = "1";
            names = new String[] {"png", "jpeg", "gif", "bmp", "tiff", "webp"};
            pluginClassName = "trap";
        }

        @Override
        public boolean canDecodeInput(Object source) {
            return true;
        }

        @Override
        public ImageReader createReaderInstance(Object extension) {
            throw new AssertionError("asked");
        }

        @Override
        public String getDescription(Locale locale) {
            return "trap";
        }
    }
}
