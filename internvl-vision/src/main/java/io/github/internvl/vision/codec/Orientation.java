package io.github.internvl.vision.codec;

import io.github.internvl.vision.spi.Pixels;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Readers of the orientation tag of EXIF and TIFF, 1..8: the place of the first stored row and column. */
final class Orientation {
    private static final int TAG = 0x112;
    private static final byte[] EXIF_PREFIX = {'E', 'x', 'i', 'f', 0, 0};

    private Orientation() {}

    /** The orientation in an EXIF block, with or without its "Exif" prefix; upright where there is none to read. */
    static int ofExif(@Nullable ByteBuffer exif) {
        if (exif == null) {
            return Pixels.UPRIGHT;
        }
        int start = exif.mismatch(ByteBuffer.wrap(EXIF_PREFIX)) == EXIF_PREFIX.length ? EXIF_PREFIX.length : 0;
        try {
            return of(new TiffDirectory(exif.slice(start, exif.remaining() - start)));
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            return Pixels.UPRIGHT;
        }
    }

    /** The orientation tag of a directory; upright where it has none that is valid. */
    static int of(TiffDirectory directory) {
        long value = directory.value(TAG, Pixels.UPRIGHT);
        return value >= 1 && value <= 8 ? (int) value : Pixels.UPRIGHT;
    }
}
