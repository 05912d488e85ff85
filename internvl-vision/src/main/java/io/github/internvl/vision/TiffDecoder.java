package io.github.internvl.vision;

import io.github.internvl.vision.ImageException.Reason;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.nio.ByteOrder;

/** The first page of a TIFF through the JDK's reader, turned upright as Pillow always does with this format. */
final class TiffDecoder {
    private static final int WIDTH = 256;
    private static final int HEIGHT = 257;
    private static final int PHOTOMETRIC = 262;
    private static final int PALETTE = 3;
    private static final int CMYK = 5;
    private static final int COLOUR_MAP = 320;
    private static final int[] DATA_OFFSETS = {273, 324};
    private static final int[] DATA_LENGTHS = {279, 325};

    private final EncodedImage image;
    private final TiffDirectory tags;

    private TiffDecoder(EncodedImage image) {
        this.image = image;
        this.tags = new TiffDirectory(image.buffer(ByteOrder.BIG_ENDIAN));
    }

    static Image decode(EncodedImage image) {
        return new TiffDecoder(image).decode();
    }

    private Image decode() {
        long width = tags.value(WIDTH, 0);
        long height = tags.value(HEIGHT, 0);
        image.checkSize(width, height);
        for (int kind = 0; kind < DATA_OFFSETS.length; kind++) {
            checkDataIsThere(tags.values(DATA_OFFSETS[kind]), tags.values(DATA_LENGTHS[kind]));
        }
        BufferedImage page = ImageIoReader.ofJdk(image, "TIFF").read(image.bytes(), (int) width, (int) height);
        Raster raster = page.getRaster();
        long photometric = tags.value(PHOTOMETRIC, 0);
        byte[] rgb;
        if (photometric == CMYK) {
            rgb = fromInks(raster);
        } else if (photometric == PALETTE && raster.getNumBands() == 1) {
            rgb = new byte[page.getWidth() * page.getHeight() * 3];
            RgbPixels.lookUp(raster, palette(1 << raster.getSampleModel().getSampleSize(0)), rgb);
        } else {
            rgb = RgbPixels.take(page);
        }
        Image picture = new Image(page.getWidth(), page.getHeight(), rgb);
        return Orientation.upright(picture, Orientation.of(tags));
    }

    private void checkDataIsThere(long[] offsets, long[] lengths) {
        for (int i = 0; i < Math.min(offsets.length, lengths.length); i++) {
            if (offsets[i] + lengths[i] > image.bytes().length) {
                throw image.truncated("the TIFF data must lie inside the file");
            }
        }
    }

    private byte[] fromInks(Raster raster) {
        Object inks = raster.getDataElements(0, 0, raster.getWidth(), raster.getHeight(), null);
        if (!(inks instanceof byte[] bytes) || raster.getNumBands() != 4) {
            throw image.failure(
                    Reason.UNSUPPORTED_FORMAT,
                    "a CMYK TIFF must have four samples of 8 bits: " + raster.getNumBands() + "; convert it to RGB");
        }
        return RgbPixels.ofCmyk(bytes);
    }

    /** The colour map, all reds first, then greens, then blues; of 16 bits the high byte counts. */
    private int[] palette(int colours) {
        long[] map = tags.values(COLOUR_MAP);
        int[] palette = new int[colours];
        for (int i = 0; i < Math.min(colours, map.length / 3); i++) {
            int entries = map.length / 3;
            palette[i] = (int) ((map[i] >> 8 << 16) | (map[entries + i] >> 8 << 8) | (map[2 * entries + i] >> 8));
        }
        return palette;
    }
}
