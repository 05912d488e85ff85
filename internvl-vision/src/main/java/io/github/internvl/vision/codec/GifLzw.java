package io.github.internvl.vision.codec;

import io.github.internvl.vision.spi.ImageFile;
import io.github.internvl.vision.spi.MediaException;
import io.github.internvl.vision.spi.MediaException.Reason;

/** The compressed pixels of a GIF frame. A code stands for the string of an earlier code and one more index. */
final class GifLzw {
    private static final int MOST_BITS = 12;

    private final ImageFile image;
    private final byte[] bytes;
    private final int firstBits;
    private final int clear;
    private final byte[] last = new byte[1 << MOST_BITS];
    private final short[] prefix = new short[1 << MOST_BITS];
    private final byte[] string = new byte[(1 << MOST_BITS) + 1];
    private int at;
    private int blockLeft;
    private int buffer;
    private int buffered;

    /** The data that begin at {@code start}, with the number of bits of an index. */
    GifLzw(ImageFile image, int start) {
        this.image = image;
        this.bytes = image.bytes();
        this.at = start + 1;
        firstBits = bytes[start] & 0xff;
        if (firstBits < 1 || firstBits >= MOST_BITS) {
            throw corrupt("an index must have 1..11 bits: " + firstBits);
        }
        clear = 1 << firstBits;
    }

    /** The next {@code count} palette indices. */
    byte[] read(int count) {
        byte[] indices = new byte[count];
        int written = 0;
        int next = clear + 2;
        int bits = firstBits + 1;
        int previous = -1;
        int firstIndex = 0;
        while (written < count) {
            int code = code(bits);
            if (code == clear) {
                next = clear + 2;
                bits = firstBits + 1;
                previous = -1;
                continue;
            }
            if (code == clear + 1) {
                throw ended();
            }
            if (code > next || (previous < 0 && code > clear)) {
                throw corrupt("a code must stand for earlier pixels: " + code + " of " + next);
            }
            // The string comes out backwards; a code not yet in the table is the previous string and its own first
            // index.
            int length = 0;
            int rest = code;
            if (code == next) {
                string[length++] = (byte) firstIndex;
                rest = previous;
            }
            for (; rest >= clear; rest = prefix[rest]) {
                string[length++] = last[rest];
            }
            firstIndex = rest;
            string[length++] = (byte) rest;
            while (length > 0 && written < count) {
                indices[written++] = string[--length];
            }
            if (previous >= 0 && next < 1 << MOST_BITS) {
                last[next] = (byte) firstIndex;
                prefix[next] = (short) previous;
                next++;
                bits = next == 1 << bits && bits < MOST_BITS ? bits + 1 : bits;
            }
            previous = code;
        }
        return indices;
    }

    private int code(int bits) {
        while (buffered < bits) {
            if (blockLeft == 0) {
                blockLeft = bytes[at++] & 0xff;
                if (blockLeft == 0) {
                    throw ended();
                }
            }
            buffer |= (bytes[at++] & 0xff) << buffered;
            buffered += 8;
            blockLeft--;
        }
        int code = buffer & ((1 << bits) - 1);
        buffer >>>= bits;
        buffered -= bits;
        return code;
    }

    private MediaException ended() {
        return image.failure(
                Reason.TRUNCATED, "the GIF data must fill the frame: they end at byte " + at + "; get it again");
    }

    private MediaException corrupt(String rule) {
        return image.failure(Reason.CORRUPT, "the GIF data must be decodable: " + rule + "; get it again");
    }
}
