package io.github.internvl.vision.codec;

import io.github.internvl.vision.spi.ImageFile;
import io.github.internvl.vision.spi.MediaException.Reason;
import io.github.internvl.vision.spi.Pixels;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.nio.ByteOrder;
import java.util.Set;

/** The first page of a TIFF through the JDK's reader, turned upright as Pillow always does with this format. */
final class TiffDecoder {
    private static final int WIDTH = 256;
    private static final int HEIGHT = 257;
    private static final int BITS = 258;
    private static final int COMPRESSION = 259;
    private static final int JPEG = 7;
    private static final int PHOTOMETRIC = 262;
    private static final int PALETTE = 3;
    private static final int CMYK = 5;
    private static final int SAMPLES = 277;
    private static final int MOST_SAMPLES = 8;
    private static final int PREDICTOR = 317;
    private static final int COLOUR_MAP = 320;
    private static final int TILE_WIDTH = 322;
    private static final int TILE_HEIGHT = 323;
    private static final int EXTRA_SAMPLES = 338;
    private static final int MULTIPLIED_ALPHA = 1;
    private static final int SAMPLE_FORMAT = 339;
    private static final int WHOLE_NUMBERS = 1;

    /** None, fax in three kinds, LZW, JPEG old and new, Deflate in two, PackBits. */
    private static final Set<Long> COMPRESSIONS = Set.of(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 32946L, 32773L);

    /** Grays either way, RGB, palette, inks, YCbCr. */
    private static final Set<Long> PHOTOMETRICS = Set.of(0L, 1L, 2L, 3L, 5L, 6L);

    private static final int[] DATA_OFFSETS = {273, 324};
    private static final int[] DATA_LENGTHS = {279, 325};

    private final ImageFile image;
    private final TiffDirectory tags;

    private TiffDecoder(ImageFile image) {
        this.image = image;
        this.tags = new TiffDirectory(image.buffer(ByteOrder.BIG_ENDIAN));
    }

    static Pixels decode(ImageFile image) {
        return new TiffDecoder(image).decode();
    }

    private Pixels decode() {
        long width = tags.value(WIDTH, 0);
        long height = tags.value(HEIGHT, 0);
        image.checkSize(width, height);
        image.checkSize(tags.value(TILE_WIDTH, width), tags.value(TILE_HEIGHT, height));
        checkKind();
        for (int kind = 0; kind < DATA_OFFSETS.length; kind++) {
            checkDataIsThere(tags.values(DATA_OFFSETS[kind]), tags.values(DATA_LENGTHS[kind]));
        }
        BufferedImage page = ImageIoReader.ofJdk(image, "TIFF").read(image.bytes(), (int) width, (int) height);
        Raster raster = page.getRaster();
        long photometric = tags.value(PHOTOMETRIC, 0);
        byte[] rgb;
        if (photometric == CMYK) {
            rgb = fromInks(raster);
        } else if (tags.value(EXTRA_SAMPLES, 0) == MULTIPLIED_ALPHA && raster.getNumBands() == 4) {
            rgb = divided(raster);
        } else if (photometric == PALETTE && raster.getNumBands() == 1) {
            rgb = new byte[page.getWidth() * page.getHeight() * 3];
            RgbPixels.lookUp(raster, palette(1 << raster.getSampleModel().getSampleSize(0)), rgb);
        } else {
            rgb = RgbPixels.take(page);
        }
        Pixels picture = new Pixels(page.getWidth(), page.getHeight(), rgb);
        return picture.upright(Orientation.of(tags));
    }

    /** Refuses what the JDK's reader would refuse later, or decode into other colours than the reference. */
    private void checkKind() {
        long photometric = tags.value(PHOTOMETRIC, 0);
        long compression = tags.value(COMPRESSION, 1);
        long bits = tags.value(BITS, 1);
        boolean known = PHOTOMETRICS.contains(photometric)
                && COMPRESSIONS.contains(compression)
                && !(photometric == CMYK && compression == JPEG)
                && tags.value(SAMPLE_FORMAT, WHOLE_NUMBERS) == WHOLE_NUMBERS
                && bits <= 16
                && tags.value(SAMPLES, 1) <= MOST_SAMPLES
                && tags.value(PREDICTOR, 1) <= (bits <= 8 ? 2 : 1);
        if (!known) {
            throw image.failure(
                    Reason.UNSUPPORTED_FORMAT,
                    "a TIFF must have up to 8 samples, whole numbers of 1 to 16 bits, in a usual compression: photometric "
                            + photometric + ", " + tags.value(SAMPLES, 1) + " samples, compression " + compression
                            + ", " + bits + " bits of kind "
                            + tags.value(SAMPLE_FORMAT, WHOLE_NUMBERS) + ", predictor " + tags.value(PREDICTOR, 1)
                            + "; convert it to 8-bit RGB");
        }
    }

    /** Colours that alpha was multiplied into, as Pillow divides it out: from the high bytes, rounded down. */
    private static byte[] divided(Raster raster) {
        int width = raster.getWidth();
        int shift = raster.getSampleModel().getSampleSize(0) - 8;
        byte[] rgb = new byte[width * raster.getHeight() * 3];
        int[] row = new int[width * 4];
        for (int y = 0, o = 0; y < raster.getHeight(); y++) {
            raster.getPixels(0, y, width, 1, row);
            for (int p = 0; p < row.length; p += 4, o += 3) {
                int alpha = row[p + 3] >> shift;
                for (int c = 0; c < 3 && alpha > 0; c++) {
                    rgb[o + c] = (byte) Math.min(255, (row[p + c] >> shift) * 255 / alpha);
                }
            }
        }
        return rgb;
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
