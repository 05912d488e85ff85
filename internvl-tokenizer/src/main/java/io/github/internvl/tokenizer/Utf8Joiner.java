package io.github.internvl.tokenizer;

/**
 * Puts characters together from bytes that arrive in pieces, holding back only an unfinished character. A byte that cannot follow
 * ends the character before it, which becomes U+FFFD. Not thread-safe.
 */
final class Utf8Joiner {
    private static final char REPLACEMENT = '\uFFFD';

    private final boolean replacesEachByte;
    private int length; // of the character being read, in bytes
    private int seen; // bytes of it read so far
    private int codePoint; // their payload
    private int lowest; // range of the byte that may follow
    private int highest;

    Utf8Joiner(boolean replacesEachByte) {
        this.replacesEachByte = replacesEachByte;
    }

    void append(byte[] bytes, int from, StringBuilder to) {
        for (int i = from; i < bytes.length; i++) {
            append(bytes[i] & 0xFF, to);
        }
    }

    /** Gives up waiting: what is unfinished is replaced. */
    void finish(StringBuilder to) {
        to.append(String.valueOf(REPLACEMENT).repeat(replacesEachByte ? seen : Math.min(seen, 1)));
        seen = 0;
    }

    private void append(int b, StringBuilder to) {
        if (seen > 0 && b >= lowest && b <= highest) {
            codePoint = (codePoint << 6) | (b & 0x3F);
            lowest = 0x80;
            highest = 0xBF;
            if (++seen == length) {
                to.appendCodePoint(codePoint);
                seen = 0;
            }
            return;
        }
        finish(to);
        if (b < 0x80) {
            to.append((char) b);
        } else if (b < 0xC2 || b > 0xF4) {
            to.append(REPLACEMENT);
        } else {
            begin(b);
        }
    }

    /** The ranges leave out overlong forms, surrogates and what lies beyond U+10FFFF (Unicode standard, table 3-7). */
    private void begin(int b) {
        length = b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4;
        seen = 1;
        codePoint = b & (0xFF >> (length + 1));
        lowest = b == 0xE0 ? 0xA0 : b == 0xF0 ? 0x90 : 0x80;
        highest = b == 0xED ? 0x9F : b == 0xF4 ? 0x8F : 0xBF;
    }
}
