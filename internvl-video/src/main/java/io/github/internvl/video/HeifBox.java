package io.github.internvl.video;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A box of a HEIF or MP4 file, read number by number from its content on. A number beyond its end is an {@link
 * IndexOutOfBoundsException}.
 */
final class HeifBox {
    private static final int HEADER = 8;

    private final ByteBuffer file;
    private final String type;
    private final int start;
    private final int end;
    private int at;

    private HeifBox(ByteBuffer file, String type, int start, int content, int end) {
        this.file = file;
        this.type = type;
        this.start = start;
        this.at = content;
        this.end = end;
    }

    /** All of a file, in big-endian order, as the content of a box. */
    static HeifBox whole(ByteBuffer file) {
        return new HeifBox(file, "", 0, 0, file.limit());
    }

    /** Its four letters. */
    String type() {
        return type;
    }

    /** Where its content, or what is left of it, begins in the file. */
    int position() {
        return at;
    }

    /** The same box, to be read from here on without moving on itself. */
    HeifBox copy() {
        return new HeifBox(file, type, start, at, end);
    }

    /** The box as it is in the file. */
    byte[] bytes() {
        byte[] bytes = new byte[end - start];
        file.get(start, bytes);
        return bytes;
    }

    HeifBox skip(long bytes) {
        at = Math.toIntExact(Math.min(Integer.MAX_VALUE, at + bytes));
        return this;
    }

    /** The next number, big-endian, of 0 to 8 bytes. */
    long number(int bytes) {
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            if (at >= end) {
                throw new IndexOutOfBoundsException("box " + type + " ends at " + end);
            }
            value = (value << 8) | (file.get(at++) & 0xff);
        }
        return value;
    }

    int u8() {
        return (int) number(1);
    }

    int u16() {
        return (int) number(2);
    }

    /** The next four bytes as letters. */
    String letters() {
        byte[] letters = new byte[4];
        for (int i = 0; i < letters.length; i++) {
            letters[i] = (byte) u8();
        }
        return new String(letters, StandardCharsets.ISO_8859_1);
    }

    /** Reads the version and passes over the flags and flags of a full box. */
    int version() {
        return (int) (number(4) >> 24);
    }

    /** The first box of a type in what is left of the content, which is not read further than that. */
    Optional<HeifBox> firstBox(String wanted) {
        while (at + HEADER <= end) {
            HeifBox box = box();
            if (box.type().equals(wanted)) {
                return Optional.of(box);
            }
        }
        return Optional.empty();
    }

    /** The boxes in what is left of the content; bytes that are too few for one are passed over. */
    List<HeifBox> boxes() {
        List<HeifBox> boxes = new ArrayList<>();
        while (at + HEADER <= end) {
            boxes.add(box());
        }
        return boxes;
    }

    private HeifBox box() {
        int first = at;
        long size = number(4);
        String name = letters();
        size = size == 1 ? number(8) : size == 0 ? end - first : size;
        if (size < at - first || size > end - first) {
            throw new IndexOutOfBoundsException("a box of " + size + " bytes at " + first);
        }
        HeifBox box = new HeifBox(file, name, first, at, first + (int) size);
        at = first + (int) size;
        return box;
    }
}
