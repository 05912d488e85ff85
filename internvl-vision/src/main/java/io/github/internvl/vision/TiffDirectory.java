package io.github.internvl.vision;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The directory of tags at the head of a TIFF file or an EXIF block. */
final class TiffDirectory {
    private final ByteBuffer data;
    private final int entries;

    /** Throws IndexOutOfBoundsException where the block ends early, IllegalArgumentException where it is none. */
    TiffDirectory(ByteBuffer block) {
        data = block.slice();
        data.order(data.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        if (data.getShort(2) != 42) {
            throw new IllegalArgumentException("TIFF magic must be 42: " + data.getShort(2));
        }
        entries = data.getInt(4);
    }

    /** The first value of a whole-number tag, or {@code absent}. */
    long value(int tag, long absent) {
        int count = data.getShort(entries) & 0xffff;
        for (int e = entries + 2; e < entries + 2 + 12 * count; e += 12) {
            if ((data.getShort(e) & 0xffff) == tag) {
                return switch (data.getShort(e + 2)) {
                    case 1 -> data.get(e + 8) & 0xff;
                    case 3 -> data.getShort(e + 8) & 0xffff;
                    case 4 -> data.getInt(e + 8) & 0xffffffffL;
                    default -> absent;
                };
            }
        }
        return absent;
    }
}
