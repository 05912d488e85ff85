package io.github.internvl.vision.codec;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentSampleModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.DirectColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import javax.imageio.ImageTypeSpecifier;

/**
 * Pictures of {@code java.awt} as plain RGB bytes, with the values Pillow's conversion gives. They are read from the
 * raster wherever it stores gray, RGB or palette indices, because {@code getRGB} manages colours and bends grays.
 */
public final class RgbPixels {
    private RgbPixels() {}

    /** A picture that holds its pixels as {@link #take} wants them; readers fill it without a row in between. */
    static BufferedImage picture(int width, int height) {
        ColorSpace space = ColorSpace.getInstance(ColorSpace.CS_sRGB);
        return ImageTypeSpecifier.createInterleaved(space, new int[] {0, 1, 2}, DataBuffer.TYPE_BYTE, false, false)
                .createBufferedImage(width, height);
    }

    /** The pixels of a picture nobody else uses: its own array where that already is packed RGB or BGR. */
    static byte[] take(BufferedImage image) {
        if (image.getRaster().getSampleModel() instanceof ComponentSampleModel layout
                && image.getRaster().getDataBuffer() instanceof DataBufferByte buffer
                && image.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_RGB
                && layout.getNumBands() == 3
                && buffer.getNumBanks() == 1
                && buffer.getData().length == image.getWidth() * image.getHeight() * 3) {
            byte[] data = buffer.getData();
            int[] order = layout.getBandOffsets();
            if (order[0] == 0 && order[1] == 1 && order[2] == 2) {
                return data;
            }
            if (order[0] == 2 && order[1] == 1 && order[2] == 0) {
                for (int i = 0; i < data.length; i += 3) {
                    byte blue = data[i];
                    data[i] = data[i + 2];
                    data[i + 2] = blue;
                }
                return data;
            }
        }
        return copyOf(image);
    }

    /** A copy of the pixels of a picture. */
    public static byte[] copyOf(BufferedImage image) {
        byte[] rgb = new byte[image.getWidth() * image.getHeight() * 3];
        Raster raster = image.getRaster();
        ColorModel colours = image.getColorModel();
        int space = colours.getColorSpace().getType();
        boolean plain =
                !colours.isAlphaPremultiplied() && (space == ColorSpace.TYPE_RGB || space == ColorSpace.TYPE_GRAY);
        if (colours instanceof IndexColorModel palette) {
            lookUp(raster, palette, rgb);
        } else if (plain && colours instanceof DirectColorModel packed) {
            unpack(raster, packed, rgb);
        } else if (plain && raster.getSampleModel() instanceof ComponentSampleModel layout) {
            switch (raster.getTransferType()) {
                case DataBuffer.TYPE_BYTE -> bytes(raster, layout, rgb);
                case DataBuffer.TYPE_USHORT -> words(raster, rgb);
                default -> managed(image, rgb);
            }
        } else {
            managed(image, rgb);
        }
        return rgb;
    }

    private static void lookUp(Raster raster, IndexColorModel palette, byte[] rgb) {
        int[] table = new int[Math.max(palette.getMapSize(), 1 << palette.getPixelSize())];
        palette.getRGBs(table);
        lookUp(raster, table, rgb);
    }

    /** Palette indices by a table of 0xRRGGBB. */
    static void lookUp(Raster raster, int[] table, byte[] rgb) {
        int width = raster.getWidth();
        int[] row = new int[width];
        for (int y = 0, o = 0; y < raster.getHeight(); y++) {
            raster.getSamples(0, y, width, 1, 0, row);
            for (int index : row) {
                o = put(rgb, o, table[index]);
            }
        }
    }

    /** Bit fields of an int or short; narrow ones are widened as v * 255 / maximum, rounded down. */
    private static void unpack(Raster raster, DirectColorModel packed, byte[] rgb) {
        int width = raster.getWidth();
        int[] row = new int[width * raster.getNumBands()];
        int bands = raster.getNumBands();
        int[] most = {largest(packed.getRedMask()), largest(packed.getGreenMask()), largest(packed.getBlueMask())};
        for (int y = 0, o = 0; y < raster.getHeight(); y++) {
            raster.getPixels(0, y, width, 1, row);
            for (int p = 0; p < row.length; p += bands, o += 3) {
                for (int c = 0; c < 3; c++) {
                    rgb[o + c] = (byte) (row[p + c] * 255L / most[c]);
                }
            }
        }
    }

    private static int largest(int mask) {
        return Math.max(1, mask >>> Integer.numberOfTrailingZeros(mask));
    }

    private static void bytes(Raster raster, ComponentSampleModel layout, byte[] rgb) {
        DataBufferByte buffer = (DataBufferByte) raster.getDataBuffer();
        int width = raster.getWidth();
        int step = layout.getPixelStride();
        int origin = -raster.getSampleModelTranslateY() * layout.getScanlineStride()
                - raster.getSampleModelTranslateX() * step;
        boolean gray = layout.getNumBands() < 3;
        for (int c = 0; c < 3; c++) {
            int band = gray ? 0 : c;
            int bank = layout.getBankIndices()[band];
            byte[] data = buffer.getData(bank);
            int start = origin + buffer.getOffsets()[bank] + layout.getBandOffsets()[band];
            for (int y = 0; y < raster.getHeight(); y++) {
                int p = start + y * layout.getScanlineStride();
                int end = (y + 1) * width * 3;
                for (int o = y * width * 3 + c; o < end; o += 3, p += step) {
                    rgb[o] = data[p];
                }
            }
        }
    }

    /** 16-bit samples: gray alone is clipped, everything else keeps its high byte. */
    private static void words(Raster raster, byte[] rgb) {
        int bands = raster.getNumBands();
        int width = raster.getWidth();
        int[] row = new int[width * bands];
        for (int y = 0, o = 0; y < raster.getHeight(); y++) {
            raster.getPixels(0, y, width, 1, row);
            for (int p = 0; p < row.length; p += bands, o += 3) {
                for (int c = 0; c < 3; c++) {
                    int value = row[bands < 3 ? p : p + c];
                    rgb[o + c] = (byte) (bands == 1 ? Math.min(value, 255) : value >> 8);
                }
            }
        }
    }

    private static void managed(BufferedImage image, byte[] rgb) {
        int width = image.getWidth();
        int[] row = new int[width];
        for (int y = 0, o = 0; y < image.getHeight(); y++) {
            for (int pixel : image.getRGB(0, y, width, 1, row, 0, width)) {
                o = put(rgb, o, pixel);
            }
        }
    }

    private static int put(byte[] rgb, int offset, int pixel) {
        rgb[offset] = (byte) (pixel >> 16);
        rgb[offset + 1] = (byte) (pixel >> 8);
        rgb[offset + 2] = (byte) pixel;
        return offset + 3;
    }

    /** Inks 0..255, four samples a pixel, 255 = full ink: Pillow's formula in whole numbers. */
    static byte[] ofCmyk(byte[] cmyk) {
        byte[] rgb = new byte[cmyk.length / 4 * 3];
        for (int p = 0, o = 0; p < cmyk.length; p += 4, o += 3) {
            int light = 255 - (cmyk[p + 3] & 0xff);
            for (int c = 0; c < 3; c++) {
                int product = (cmyk[p + c] & 0xff) * light + 128;
                rgb[o + c] = (byte) (light - ((product + (product >> 8)) >> 8));
            }
        }
        return rgb;
    }
}
