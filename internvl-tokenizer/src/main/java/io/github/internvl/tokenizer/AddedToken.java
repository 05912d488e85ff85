package io.github.internvl.tokenizer;

/** A token that is cut out of the text before the rest is split into pieces; {@code special} ones can be left out of decoded text. */
record AddedToken(int id, String content, boolean special) {}
