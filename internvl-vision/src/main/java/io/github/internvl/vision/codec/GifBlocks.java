package io.github.internvl.vision.codec;

import io.github.internvl.vision.spi.ImageFile;
import io.github.internvl.vision.spi.MediaException.Reason;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** The blocks of a GIF file, from one frame to the next. */
final class GifBlocks {
    private static final int EXTENSION = 0x21;
    private static final int IMAGE = 0x2c;
    private static final int END = 0x3b;
    private static final int GRAPHIC_CONTROL = 0xf9;
    private static final int PALETTE_FLAG = 0x80;
    private static final int FIRST_BLOCK = 13;

    /** The delay that browsers and FFmpeg substitute for one that is too short. */
    private static final int USUAL_PAUSE_MILLIS = 100;

    private final ImageFile image;
    private final ByteBuffer file;
    private final Palette common;
    private int at = FIRST_BLOCK;
    /** Where the pixels of the present frame begin; -1 before the first. */
    private int data = -1;

    private int disposal;

    /** Where the colours lie, and how many they are: none for grays. */
    record Palette(int at, int size) {}

    /**
     * The header of a frame.
     *
     * @param disposal what is done with its rectangle before the next frame: 2 wipes it, 3 restores it; stays until changed
     * @param transparent index of pixels that are not drawn; -1 for none
     * @param data where the compressed pixels begin
     */
    record Frame(
            int left,
            int top,
            int width,
            int height,
            boolean interlaced,
            Palette palette,
            int disposal,
            int transparent,
            int millis,
            int data) {}

    GifBlocks(ImageFile image) {
        this.image = image;
        this.file = image.buffer(ByteOrder.LITTLE_ENDIAN);
        this.common = palette(byteAt(10), new Palette(0, 0));
    }

    int screenWidth() {
        return wordAt(6);
    }

    int screenHeight() {
        return wordAt(8);
    }

    /** Index of the colour that the screen has before anything is drawn. */
    int background() {
        return common.size() > 0 ? byteAt(11) : 0;
    }

    /** Whether another frame follows the data of the present one. */
    boolean hasNext() {
        int next = data < 0 ? at : afterData(data + 1);
        while (next < file.limit() && byteAt(next) == EXTENSION) {
            next = afterData(next + 2);
        }
        return next < file.limit() && byteAt(next) != END;
    }

    /** The next frame. */
    Frame next() {
        at = data < 0 ? at : afterData(data + 1);
        int transparent = -1;
        int millis = USUAL_PAUSE_MILLIS;
        while (byteAt(at) != IMAGE) {
            if (byteAt(at) != EXTENSION) {
                throw image.failure(
                        Reason.CORRUPT,
                        "a GIF must have a frame: byte " + at + " begins no block (" + byteAt(at) + "); get it again");
            }
            if (byteAt(at + 1) == GRAPHIC_CONTROL) {
                int flags = byteAt(at + 3);
                int method = (flags >> 2) & 7;
                disposal = method == 0 ? disposal : method;
                millis = wordAt(at + 4) > 1 ? 10 * wordAt(at + 4) : USUAL_PAUSE_MILLIS;
                transparent = (flags & 1) != 0 ? byteAt(at + 6) : transparent;
            }
            at = afterData(at + 2);
        }
        int head = at + 1;
        int flags = byteAt(head + 8);
        at = head + 9;
        Palette palette = palette(flags, common);
        data = at;
        return new Frame(
                wordAt(head),
                wordAt(head + 2),
                wordAt(head + 4),
                wordAt(head + 6),
                (flags & 0x40) != 0,
                palette,
                disposal,
                transparent,
                millis,
                data);
    }

    /** Colours of palette indices, black beyond the palette; grays where there is none. */
    byte[] coloured(byte[] indices, Palette palette) {
        byte[] rgb = new byte[indices.length * 3];
        for (int i = 0, o = 0; i < indices.length; i++, o += 3) {
            int index = indices[i] & 0xff;
            if (index < palette.size()) {
                file.get(palette.at() + 3 * index, rgb, o, 3);
            } else if (palette.size() == 0) {
                Arrays.fill(rgb, o, o + 3, indices[i]);
            }
        }
        return rgb;
    }

    /** Takes the palette at the present place if the flags announce one. */
    private Palette palette(int flags, Palette otherwise) {
        if ((flags & PALETTE_FLAG) == 0) {
            return otherwise;
        }
        Palette found = new Palette(at, 2 << (flags & 7));
        at += 3 * found.size();
        return found;
    }

    /** The place behind the pieces that begin at another, which may be the end of a file that lacks its last bytes. */
    private int afterData(int start) {
        int next = start;
        while (next < file.limit() && byteAt(next) != 0) {
            next += 1 + byteAt(next);
        }
        return Math.min(next + 1, file.limit());
    }

    private int byteAt(int position) {
        return file.get(position) & 0xff;
    }

    private int wordAt(int position) {
        return file.getShort(position) & 0xffff;
    }
}
