package io.github.internvl.vision;

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

    static Image decode(EncodedImage image) {
        ByteBuffer file = image.buffer(ByteOrder.LITTLE_ENDIAN);
        boolean core = file.getInt(14) == CORE_HEADER_BYTES;
        int width = core ? file.getShort(18) & 0xffff : file.getInt(18);
        int height = Math.abs(core ? file.getShort(20) & 0xffff : file.getInt(22));
        image.checkSize(width, height);
        int bitsPerPixel = file.getShort(core ? 24 : 28);
        int compression = core ? UNCOMPRESSED : file.getInt(30);
        long rowBytes = ((long) width * bitsPerPixel + 31) / 32 * 4;
        boolean measurable = compression == UNCOMPRESSED || compression == BIT_FIELDS;
        if (measurable && file.getInt(10) + rowBytes * height > file.limit()) {
            throw image.truncated("the BMP data must fill " + width + " x " + height + " pixels");
        }
        byte[] rgb = RgbPixels.take(ImageIoReader.ofJdk(image, "BMP").read(image.bytes(), width, height));
        return new Image(width, height, rgb);
    }
}
