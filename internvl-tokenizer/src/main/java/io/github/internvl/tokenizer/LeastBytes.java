package io.github.internvl.tokenizer;

/**
 * Lower bounds of the bytes that a text keeps on its way to the tokens, found without normalizing it. NFC makes no text
 * shorter than a third of its UTF-8 form; a plain ASCII character that no other one follows as a mark stays as it is.
 */
final class LeastBytes {
    private static final int SHRINKS = 3;

    private LeastBytes() {}

    /** Where every byte becomes part of a token. */
    static long all(String text) {
        return count(text, true);
    }

    /** Where spaces may be dropped, and other white space behind a token. */
    static long withoutSpaces(String text) {
        return count(text, false);
    }

    private static long count(String text, boolean spaces) {
        long thirds = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!spaces
                    && (c == SpaceEscaper.ESCAPED
                            || Character.isWhitespace(c)
                            || Character.isSpaceChar(c)
                            || c == 0x85)) {
                continue;
            }
            boolean plain = c < 0x80 && (i + 1 == text.length() || text.charAt(i + 1) < 0x80);
            thirds += plain ? SHRINKS : bytes(c);
        }
        return thirds / SHRINKS;
    }

    private static int bytes(char c) {
        return c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate(c) ? 2 : 3;
    }
}
