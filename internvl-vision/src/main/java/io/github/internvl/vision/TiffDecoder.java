package io.github.internvl.vision;

import io.github.internvl.vision.ImageException.Reason;
import java.awt.image.BufferedImage;
import java.nio.ByteOrder;

/** The first page of a TIFF through the JDK's reader, turned upright as Pillow always does with this format. */
final class TiffDecoder {
    private static final int WIDTH = 256;
    private static final int HEIGHT = 257;
    private static final int PHOTOMETRIC = 262;
    private static final int CMYK = 5;

    private TiffDecoder() {}

    static Image decode(EncodedImage image) {
        TiffDirectory tags = new TiffDirectory(image.buffer(ByteOrder.BIG_ENDIAN));
        long width = tags.value(WIDTH, 0);
        long height = tags.value(HEIGHT, 0);
        image.checkSize(width, height);
        BufferedImage page = new JdkReader(image, "TIFF").read(image.bytes());
        byte[] rgb;
        if (tags.value(PHOTOMETRIC, 0) == CMYK) {
            Object inks = page.getRaster().getDataElements(0, 0, page.getWidth(), page.getHeight(), null);
            if (!(inks instanceof byte[] bytes) || page.getRaster().getNumBands() != 4) {
                throw image.failure(
                        Reason.UNSUPPORTED_FORMAT, "a CMYK TIFF must have four 8-bit samples; convert it to RGB");
            }
            rgb = RgbPixels.ofCmyk(bytes);
        } else {
            rgb = RgbPixels.take(page);
        }
        return Orientation.upright(new Image(page.getWidth(), page.getHeight(), rgb), Orientation.ofTiff(tags));
    }
}
