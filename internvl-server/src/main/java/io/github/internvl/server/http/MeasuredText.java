package io.github.internvl.server.http;

import java.io.IOException;
import java.io.Reader;

/**
 * The text of a request body, with a reservation for the heap it takes. The JSON parser grows a string in a buffer that doubles:
 * at most three times the string's length while it is copied, at one byte a character, or two once a character is beyond
 * Latin-1. A body needs that for its longest string. Afterwards the string remains, and the bytes that its base64 decodes to.
 * Used by one thread.
 */
final class MeasuredText extends Reader {
    private static final int GROWING = 3;
    private static final int LATIN_1 = 0xff;

    private final Reader text;
    private final HeapBudget.Share memory;
    private long characters;
    private long reserved;
    private boolean wide;
    private boolean escaped;

    MeasuredText(Reader text, HeapBudget.Share memory) {
        this.text = text;
        this.memory = memory;
    }

    @Override
    public int read(char[] into, int from, int most) throws IOException {
        int read = text.read(into, from, most);
        for (int i = from; i < from + read; i++) {
            wide |= into[i] > LATIN_1 || (escaped && into[i] == 'u'); // the escaped character may be beyond Latin-1
            escaped = !escaped && into[i] == '\\';
        }
        characters += Math.max(read, 0);
        reserve(characters * GROWING * width());
        return read;
    }

    /** Releases the part that was needed only while strings grew. */
    void settle() {
        reserve(characters * (width() + 1L));
    }

    private int width() {
        return wide ? 2 : 1;
    }

    private void reserve(long bytes) {
        if (bytes >= reserved) {
            memory.reserveForBody(bytes - reserved);
        } else {
            memory.releaseForBody(reserved - bytes);
        }
        reserved = bytes;
    }

    @Override
    public void close() throws IOException {
        text.close();
    }
}
