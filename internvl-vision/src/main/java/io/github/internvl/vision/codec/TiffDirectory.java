package io.github.internvl.vision.codec;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The directory of tags at the head of a TIFF file or an EXIF block. */
final class TiffDirectory {
    private static final int BYTE = 1;
    private static final int SHORT = 3;
    private static final int LONG = 4;

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
        long[] values = values(tag);
        return values.length == 0 ? absent : values[0];
    }

    /** The values of a whole-number tag, none where it is absent or of another type. */
    long[] values(int tag) {
        int count = data.getShort(entries) & 0xffff;
        for (int e = entries + 2; e < entries + 2 + 12 * count; e += 12) {
            if ((data.getShort(e) & 0xffff) == tag) {
                return values(data.getShort(e + 2), data.getInt(e + 4), e + 8);
            }
        }
        return new long[0];
    }

    private long[] values(int type, int count, int place) {
        int width = type == BYTE ? 1 : type == SHORT ? 2 : type == LONG ? 4 : 0;
        if (width == 0) {
            return new long[0];
        }
        long bytes = Integer.toUnsignedLong(count) * width;
        if (bytes > data.limit()) {
            throw new IndexOutOfBoundsException("a tag must lie inside the block: " + bytes + " bytes");
        }
        ByteBuffer source = data.slice(bytes > 4 ? data.getInt(place) : place, (int) bytes);
        source.order(data.order());
        long[] values = new long[count];
        for (int i = 0; i < count; i++) {
            values[i] = switch (type) {
                case BYTE -> source.get(i) & 0xff;
                case SHORT -> source.getShort(2 * i) & 0xffff;
                default -> source.getInt(4 * i) & 0xffffffffL;
            };
        }
        return values;
    }
}
