package io.github.internvl.vision;

import io.github.internvl.vision.ImageException.Reason;
import java.awt.image.Raster;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The first frame of a GIF on its canvas. The JDK's reader gives the frame alone, as palette indices; what the frame leaves
 * free has the transparent index or else index 0, as Pillow fills it.
 */
final class GifDecoder {
    private static final int EXTENSION = 0x21;
    private static final int IMAGE = 0x2c;
    private static final int GRAPHIC_CONTROL = 0xf9;

    private final EncodedImage image;
    private final ByteBuffer file;
    private int at = 13;
    private int palette;
    private int paletteSize;
    private int background;

    private GifDecoder(EncodedImage image) {
        this.image = image;
        this.file = image.buffer(ByteOrder.LITTLE_ENDIAN);
    }

    static Image decode(EncodedImage image) {
        return new GifDecoder(image).decode();
    }

    private Image decode() {
        takePalette(byteAt(10));
        findFrame();
        int left = wordAt(at + 1);
        int top = wordAt(at + 3);
        int frameWidth = wordAt(at + 5);
        int frameHeight = wordAt(at + 7);
        image.checkSize(frameWidth, frameHeight);
        int width = Math.max(wordAt(6), left + frameWidth);
        int height = Math.max(wordAt(8), top + frameHeight);
        image.checkSize(width, height);
        int flags = byteAt(at + 9);
        at += 10;
        takePalette(flags);

        byte[] rgb = new byte[width * height * 3];
        int[] row = new int[width];
        Raster frame = new JdkReader(image, "GIF").read(image.bytes()).getRaster();
        for (int y = 0; y < height; y++) {
            Arrays.fill(row, background);
            if (y >= top && y < top + frameHeight) {
                int[] pixels = frame.getSamples(0, y - top, frameWidth, 1, 0, (int[]) null);
                System.arraycopy(pixels, 0, row, left, frameWidth);
            }
            paint(row, rgb, y * width * 3);
        }
        return new Image(width, height, rgb);
    }

    /** Moves to the first image descriptor and notes the transparent index on the way. */
    private void findFrame() {
        while (byteAt(at) != IMAGE) {
            if (byteAt(at) != EXTENSION) {
                throw image.failure(
                        Reason.CORRUPT,
                        "a GIF must have a frame: byte " + at + " begins no block (" + byteAt(at) + "); get it again");
            }
            if (byteAt(at + 1) == GRAPHIC_CONTROL && (byteAt(at + 3) & 1) != 0) {
                background = byteAt(at + 6);
            }
            at += 2;
            while (byteAt(at) != 0) {
                at += 1 + byteAt(at);
            }
            at++;
        }
    }

    /** Takes the palette at the present place, if the flags announce one. */
    private void takePalette(int flags) {
        if ((flags & 0x80) != 0) {
            palette = at;
            paletteSize = 2 << (flags & 7);
            at += 3 * paletteSize;
        }
    }

    private void paint(int[] indices, byte[] rgb, int offset) {
        int o = offset;
        for (int index : indices) {
            for (int c = 0; c < 3; c++) {
                rgb[o++] = index < paletteSize ? file.get(palette + 3 * index + c) : (byte) index;
            }
        }
    }

    private int byteAt(int position) {
        return file.get(position) & 0xff;
    }

    private int wordAt(int position) {
        return file.getShort(position) & 0xffff;
    }
}
