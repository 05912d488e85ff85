package io.github.internvl.vision.codec;

import io.github.internvl.vision.spi.ImageFile;
import io.github.internvl.vision.spi.MediaException.Reason;
import io.github.internvl.vision.spi.Pixels;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** BMP through the JDK's reader; the data of an uncompressed file are measured first. */
final class BmpDecoder {
    private static final int CORE_HEADER_BYTES = 12;
    private static final int UNCOMPRESSED = 0;
    private static final int BIT_FIELDS = 3;

    private BmpDecoder() {}

    /** Whether "BM" is followed by a header of a known size: it is how text that begins so is told apart. */
    static boolean hasKnownHeader(byte[] bytes) {
        if (bytes.length < 18) {
            return false;
        }
        return switch (ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(14)) {
            case CORE_HEADER_BYTES, 16, 40, 52, 56, 64, 108, 124 -> true;
            default -> false;
        };
    }

    /** Refuses OS/2's second header and what is no bitmap inside, which the JDK's reader does not know. */
    private static void checkKind(ImageFile image, int header, int bits, int compression) {
        boolean usualBits = bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
        if (header == 16 || header == 64 || !usualBits || compression < UNCOMPRESSED || compression > BIT_FIELDS) {
            throw image.failure(
                    Reason.UNSUPPORTED_FORMAT,
                    "a BMP must be of Windows with 1, 4, 8, 16, 24 or 32 bits, plain or in runs: header of " + header
                            + " bytes, " + bits + " bits, compression " + compression + "; convert it");
        }
    }

    static Pixels decode(ImageFile image) {
        ByteBuffer file = image.buffer(ByteOrder.LITTLE_ENDIAN);
        boolean core = file.getInt(14) == CORE_HEADER_BYTES;
        int width = core ? file.getShort(18) & 0xffff : file.getInt(18);
        int height = Math.abs(core ? file.getShort(20) & 0xffff : file.getInt(22));
        image.checkSize(width, height);
        int bitsPerPixel = file.getShort(core ? 24 : 28);
        int compression = core ? UNCOMPRESSED : file.getInt(30);
        checkKind(image, file.getInt(14), bitsPerPixel, compression);
        long rowBytes = ((long) width * bitsPerPixel + 31) / 32 * 4;
        boolean measurable = compression == UNCOMPRESSED || compression == BIT_FIELDS;
        if (measurable && file.getInt(10) + rowBytes * height > file.limit()) {
            throw image.truncated("the BMP data must fill " + width + " x " + height + " pixels");
        }
        byte[] rgb = RgbPixels.take(ImageIoReader.ofJdk(image, "BMP").read(image.bytes(), width, height));
        return new Pixels(width, height, rgb);
    }
}
