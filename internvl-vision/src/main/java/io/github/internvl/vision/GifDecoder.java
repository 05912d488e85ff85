package io.github.internvl.vision;

import io.github.internvl.vision.ImageException.Reason;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The first frame of a GIF on its canvas; what the frame leaves free has the transparent index or else index 0, as
 * Pillow fills it. The JDK's reader is not used because it passes over damaged and missing data in silence.
 */
final class GifDecoder {
    private static final int EXTENSION = 0x21;
    private static final int IMAGE = 0x2c;
    private static final int GRAPHIC_CONTROL = 0xf9;
    private static final int INTERLACED = 0x40;
    /** First row and step of each pass over the rows. */
    private static final int[] IN_ORDER = {0, 1};

    private static final int[] FOUR_PASSES = {0, 8, 4, 8, 2, 4, 1, 2};

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

        byte[] frame = new GifLzw(image, at).read(frameWidth * frameHeight);
        byte[] canvas = new byte[width * height];
        Arrays.fill(canvas, (byte) background);
        int[] rows = (flags & INTERLACED) == 0 ? IN_ORDER : FOUR_PASSES;
        int from = 0;
        for (int pass = 0; pass < rows.length; pass += 2) {
            for (int y = rows[pass]; y < frameHeight; y += rows[pass + 1], from += frameWidth) {
                System.arraycopy(frame, from, canvas, (top + y) * width + left, frameWidth);
            }
        }
        return new Image(width, height, coloured(canvas));
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

    /** Colours by the palette, black beyond it; grays where there is none. */
    private byte[] coloured(byte[] indices) {
        byte[] rgb = new byte[indices.length * 3];
        for (int i = 0, o = 0; i < indices.length; i++, o += 3) {
            int index = indices[i] & 0xff;
            if (index < paletteSize) {
                file.get(palette + 3 * index, rgb, o, 3);
            } else if (paletteSize == 0) {
                Arrays.fill(rgb, o, o + 3, indices[i]);
            }
        }
        return rgb;
    }

    private int byteAt(int position) {
        return file.get(position) & 0xff;
    }

    private int wordAt(int position) {
        return file.getShort(position) & 0xffff;
    }
}
