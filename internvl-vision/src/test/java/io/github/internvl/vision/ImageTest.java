package io.github.internvl.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.internvl.vision.spi.MediaException;
import io.github.internvl.vision.spi.MediaException.Reason;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageTest {
    private static final Path PNG = Goldens.image("palette2.png");

    @Test
    void bytesStreamsFilesAndUrlsGiveTheSamePicture() throws IOException {
        byte[] bytes = Files.readAllBytes(PNG);
        String hash = Image.open(PNG).contentHash();
        assertThat(Image.of(bytes).contentHash()).isEqualTo(hash);
        assertThat(Image.read(new ByteArrayInputStream(bytes)).contentHash()).isEqualTo(hash);

        String base64 = Base64.getEncoder().encodeToString(bytes);
        StringBuilder percent = new StringBuilder();
        HexFormat hex = HexFormat.of();
        for (byte b : bytes) {
            percent.append('%').append(hex.toHexDigits(b));
        }
        assertThat(Image.ofDataUrl("data:image/png;base64," + base64).contentHash())
                .isEqualTo(hash);
        assertThat(Image.ofDataUrl("DATA:;base64," + base64.replaceAll("(.{76})", "$1\r\n"))
                        .contentHash())
                .isEqualTo(hash);
        assertThat(Image.ofDataUrl("data:image/jpeg;x=y;BASE64,"
                                + base64.replace("+", "%2B").replace("=", "%3d"))
                        .contentHash())
                .isEqualTo(hash);
        assertThat(Image.ofDataUrl("data:," + percent).contentHash()).isEqualTo(hash);
    }

    @ParameterizedTest
    @CsvSource({
        "https://example.org/cat.png, BAD_DATA_URL, https://example.",
        "data:image/png;base64, BAD_DATA_URL, comma",
        "'data:image/png;base64,!!!!', BAD_DATA_URL, must be base64",
        "'data:image/png;base64,iVBORw0KGg', NOT_AN_IMAGE, data: URL: an image must be PNG",
        "'data:image/png,%8', BAD_DATA_URL, at byte 0",
        "'data:image/png,ab%zz', BAD_DATA_URL, at byte 2",
        "'data:,', EMPTY, data: URL: ",
    })
    void saysWhatIsWrongWithADataUrl(String url, Reason reason, String found) {
        MediaException failure = catchThrowableOfType(MediaException.class, () -> Image.ofDataUrl(url));
        assertThat(failure.reason()).isEqualTo(reason);
        assertThat(failure).hasMessageContaining(found);
    }

    @Test
    void missingFilesAndFoldersAreUnreadable(@TempDir Path folder) {
        for (Path path : new Path[] {folder, folder.resolve("none.png")}) {
            MediaException failure = catchThrowableOfType(MediaException.class, () -> Image.open(path));
            assertThat(failure.reason()).isEqualTo(Reason.UNREADABLE);
            assertThat(failure).hasMessageStartingWith(path + ": must be readable: ");
        }
    }

    @Test
    void aStreamThatFailsIsUnreadableAndStaysOpen() {
        InputStream failing = new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("line cut");
            }

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                return read();
            }

            @Override
            public void close() {
                throw new AssertionError("closed");
            }
        };
        MediaException failure = catchThrowableOfType(MediaException.class, () -> Image.read(failing));
        assertThat(failure.reason()).isEqualTo(Reason.UNREADABLE);
        assertThat(failure).hasMessageContaining("line cut").hasCauseInstanceOf(IOException.class);
    }

    @Test
    void aStreamThatIsNoImageIsNotReadToItsEnd() {
        InputStream endless = new InputStream() {
            private int count;

            @Override
            public int read() {
                assertThat(++count).isLessThan(1000);
                return 'x';
            }

            @Override
            public int read(byte[] target, int offset, int length) {
                assertThat(count += length).isLessThan(1000);
                Arrays.fill(target, offset, offset + length, (byte) 'x');
                return length;
            }
        };
        assertThatExceptionOfType(MediaException.class)
                .isThrownBy(() -> Image.read(endless))
                .matches(e -> e.reason() == Reason.NOT_AN_IMAGE);
    }

    @Test
    void filesStreamsAndBytesAreHeldToTheLimitOfBytes() throws IOException {
        byte[] bytes = Files.readAllBytes(PNG);
        Image.Options exact = Image.Options.defaults().withMaxBytes(bytes.length);
        Image.Options less = Image.Options.defaults().withMaxBytes(bytes.length - 1);
        assertThat(Image.of(bytes, exact).width()).isPositive();
        assertThat(Image.read(new ByteArrayInputStream(bytes), exact).width()).isPositive();
        for (ThrowingCallable decode : List.<ThrowingCallable>of(
                () -> Image.of(bytes, less),
                () -> Image.open(PNG, less),
                () -> Image.read(new ByteArrayInputStream(bytes), less))) {
            MediaException failure = catchThrowableOfType(MediaException.class, decode);
            assertThat(failure.reason()).isEqualTo(Reason.TOO_LARGE);
            assertThat(failure).hasMessageContaining("at most " + (bytes.length - 1) + " bytes");
        }
    }

    @Test
    void plainPixelsAreCopiedInAndReadOnly() {
        byte[] rgb = {1, 2, 3, 4, 5, 6};
        Image image = Image.ofRgb(2, 1, rgb);
        rgb[0] = 99;
        assertThat(image.rgb()).isEqualTo(ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5, 6}));
        assertThatExceptionOfType(ReadOnlyBufferException.class)
                .isThrownBy(() -> image.rgb().put(0, (byte) 7));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Image.ofRgb(2, 2, rgb))
                .withMessage("rgb must hold 2 x 2 x 3 = 12 bytes: 6");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Image.ofRgb(0, 2, rgb))
                .withMessage("width and height must be positive: 0 x 2");
    }

    @Test
    void theContentHashTellsSizeAndPixels() {
        byte[] rgb = new byte[18];
        String hash = Image.ofRgb(2, 3, rgb).contentHash();
        assertThat(hash).matches("[0-9a-f]{64}");
        assertThat(Image.ofRgb(2, 3, rgb).contentHash()).isEqualTo(hash);
        assertThat(Image.ofRgb(3, 2, rgb).contentHash()).isNotEqualTo(hash);
        rgb[17] = 1;
        assertThat(Image.ofRgb(2, 3, rgb).contentHash()).isNotEqualTo(hash);
    }

    @Test
    void optionsRefuseLimitsThatNoArrayHolds() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Image.Options.defaults().withMaxPixels(0))
                .withMessage("maxPixels must be 1..715827882: 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Image.Options.defaults().withMaxPixels(715827883));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Image.Options.defaults().withMaxBytes(0))
                .withMessage("maxBytes must be 1..2147483639: 0");
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                BufferedImage.TYPE_INT_RGB,
                BufferedImage.TYPE_INT_ARGB,
                BufferedImage.TYPE_INT_BGR,
                BufferedImage.TYPE_3BYTE_BGR,
                BufferedImage.TYPE_4BYTE_ABGR,
            })
    void picturesOfJavaKeepTheirColoursAndLoseTheirAlpha(int type) {
        BufferedImage picture = new BufferedImage(5, 4, type);
        for (int i = 0; i < 20; i++) {
            picture.setRGB(i % 5, i / 5, ((i % 3 * 127) << 24) | ((i * 1000003) & 0xffffff));
        }
        Image image = Image.of(picture);
        Image part = Image.of(picture.getSubimage(1, 2, 3, 2));
        for (int i = 0; i < 20; i++) {
            assertThat(pixel(image, i % 5, i / 5)).isEqualTo((i * 1000003) & 0xffffff);
        }
        assertThat(pixel(part, 2, 1)).isEqualTo(pixel(image, 3, 3));

        picture.setRGB(0, 0, 0xff123456);
        assertThat(pixel(image, 0, 0)).isZero();
    }

    @Test
    void alphaThatWasMultipliedInIsDividedOut() {
        for (int type : new int[] {BufferedImage.TYPE_INT_ARGB_PRE, BufferedImage.TYPE_4BYTE_ABGR_PRE}) {
            BufferedImage picture = new BufferedImage(1, 1, type);
            picture.setRGB(0, 0, 0x80ff0080);
            int found = pixel(Image.of(picture), 0, 0);
            assertThat(found).isEqualTo(picture.getRGB(0, 0) & 0xffffff);
            assertThat(found >> 16).isGreaterThan(250);
        }
    }

    @Test
    void graysKeepTheirStoredValues() {
        BufferedImage bytes = new BufferedImage(256, 1, BufferedImage.TYPE_BYTE_GRAY);
        BufferedImage words = new BufferedImage(256, 1, BufferedImage.TYPE_USHORT_GRAY);
        for (int v = 0; v < 256; v++) {
            bytes.getRaster().setSample(v, 0, 0, v);
            words.getRaster().setSample(v, 0, 0, v * 3);
        }
        for (int v = 0; v < 256; v++) {
            assertThat(pixel(Image.of(bytes), v, 0)).isEqualTo(v * 0x10101);
            assertThat(pixel(Image.of(words), v, 0)).isEqualTo(Math.min(255, v * 3) * 0x10101);
        }
    }

    @Test
    void narrowFieldsAndPalettesAreWidened() {
        BufferedImage fields = new BufferedImage(2, 1, BufferedImage.TYPE_USHORT_565_RGB);
        fields.getRaster().setPixel(0, 0, new int[] {31, 63, 31});
        fields.getRaster().setPixel(1, 0, new int[] {16, 32, 3});
        assertThat(pixel(Image.of(fields), 0, 0)).isEqualTo(0xffffff);
        assertThat(pixel(Image.of(fields), 1, 0)).isEqualTo(0x838118);

        byte[] levels = {10, 20, 30, 40};
        IndexColorModel palette = new IndexColorModel(2, 4, levels, levels, levels, 3);
        BufferedImage indexed = new BufferedImage(4, 1, BufferedImage.TYPE_BYTE_BINARY, palette);
        indexed.getRaster().setPixels(0, 0, 4, 1, new int[] {0, 1, 2, 3});
        for (int x = 0; x < 4; x++) {
            assertThat(pixel(Image.of(indexed), x, 0)).isEqualTo(levels[x] * 0x10101);
        }
    }

    private static int pixel(Image image, int x, int y) {
        ByteBuffer rgb = image.rgb();
        int at = (y * image.width() + x) * 3;
        return ((rgb.get(at) & 0xff) << 16) | ((rgb.get(at + 1) & 0xff) << 8) | (rgb.get(at + 2) & 0xff);
    }
}
