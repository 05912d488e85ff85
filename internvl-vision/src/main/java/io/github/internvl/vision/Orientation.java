package io.github.internvl.vision;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The orientation tag of EXIF and TIFF: where the first row and column of a stored picture belong, 1..8. */
final class Orientation {
    static final int UPRIGHT = 1;

    private static final int TAG = 0x112;
    private static final byte[] EXIF_PREFIX = {'E', 'x', 'i', 'f', 0, 0};

    private Orientation() {}

    /** The orientation in an EXIF block, with or without its "Exif" prefix; upright where there is none to read. */
    static int ofExif(@Nullable ByteBuffer exif) {
        if (exif == null) {
            return UPRIGHT;
        }
        int start = exif.mismatch(ByteBuffer.wrap(EXIF_PREFIX)) == EXIF_PREFIX.length ? EXIF_PREFIX.length : 0;
        try {
            return of(new TiffDirectory(exif.slice(start, exif.remaining() - start)));
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            return UPRIGHT;
        }
    }

    /** The orientation tag of a directory; upright where it has none that is valid. */
    static int of(TiffDirectory directory) {
        long value = directory.value(TAG, UPRIGHT);
        return value >= 1 && value <= 8 ? (int) value : UPRIGHT;
    }

    /** The picture turned and mirrored upright, as Pillow's {@code ImageOps.exif_transpose}. */
    static Image upright(Image image, int orientation) {
        if (orientation == UPRIGHT) {
            return image;
        }
        int w = image.width();
        int h = image.height();
        // Going right and down in the result moves by these steps, in pixels, in the source.
        boolean swapped = orientation > 4;
        boolean right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
        boolean bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
        int acrossSource = right ? -1 : 1;
        int downSource = bottom ? -w : w;
        int first = (right ? w - 1 : 0) + (bottom ? (h - 1) * w : 0);
        int width = swapped ? h : w;
        int height = swapped ? w : h;
        int across = swapped ? downSource : acrossSource;
        int down = swapped ? acrossSource : downSource;
        byte[] source = image.pixels();
        byte[] target = new byte[source.length];
        for (int y = 0, o = 0; y < height; y++) {
            int p = (first + y * down) * 3;
            for (int x = 0; x < width; x++, o += 3, p += across * 3) {
                target[o] = source[p];
                target[o + 1] = source[p + 1];
                target[o + 2] = source[p + 2];
            }
        }
        return new Image(width, height, target);
    }
}
