package io.github.internvl.tokenizer;

/**
 * A token that is cut out of the text before the rest is split into pieces.
 *
 * @param special whether it is marked so or has a role
 * @param skipped whether it is left out of text that is decoded without special tokens
 * @param inText whether it is decoded with the text around it, and not apart from it
 */
record AddedToken(int id, String content, boolean special, boolean skipped, boolean inText) {
    AddedToken(int id, String content, boolean special) {
        this(id, content, special, special, false);
    }
}
