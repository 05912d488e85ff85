package io.github.internvl.server;

import java.io.IOException;
import java.io.Reader;

/**
 * The text of a body, and the memory that it takes. A string of a body grows in a buffer that doubles: at most three times its
 * length while it is copied, at a byte a character, or at two once a character is beyond Latin-1. A whole body needs that for its
 * longest string; afterwards the string stays, and the bytes that base64 in it stands for. Used by one thread.
 */
final class MeasuredText extends Reader {
    private static final int GROWING = 3;
    private static final int LATIN_1 = 0xff;

    private final Reader text;
    private final Memory.Share memory;
    private long characters;
    private long reserved;
    private boolean wide;
    private boolean escaped;

    MeasuredText(Reader text, Memory.Share memory) {
        this.text = text;
        this.memory = memory;
    }

    @Override
    public int read(char[] into, int from, int most) throws IOException {
        int read = text.read(into, from, most);
        for (int i = from; i < from + read; i++) {
            wide |= into[i] > LATIN_1 || (escaped && into[i] == 'u'); // its number may be beyond Latin-1
            escaped = !escaped && into[i] == '\\';
        }
        characters += Math.max(read, 0);
        reserve(characters * GROWING * width());
        return read;
    }

    /** Gives back what was needed only while strings grew. */
    void settle() {
        reserve(characters * (width() + 1L));
    }

    private int width() {
        return wide ? 2 : 1;
    }

    private void reserve(long bytes) {
        if (bytes >= reserved) {
            memory.takeForBody(bytes - reserved);
        } else {
            memory.giveForBody(reserved - bytes);
        }
        reserved = bytes;
    }

    @Override
    public void close() throws IOException {
        text.close();
    }
}
