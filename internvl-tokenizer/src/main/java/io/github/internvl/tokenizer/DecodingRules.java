package io.github.internvl.tokenizer;

/**
 * How one family writes ids as text.
 *
 * @param cleansSpaces the clean-up of {@link SpaceCleanUp} runs over every decoded text
 * @param replacesEachByte every byte of an invalid UTF-8 sequence becomes its own U+FFFD (SentencePiece); otherwise the longest
 *     beginning of a character becomes one (Python, Java)
 * @param spacesSpecialTokens special tokens that are shown are set off by spaces, as the reference's InternLM2 tokenizer does it
 * @param droppedSpaces how many pieces at the beginning of a text lose the space they begin with, as the encoder put it there
 */
record DecodingRules(boolean cleansSpaces, boolean replacesEachByte, boolean spacesSpecialTokens, int droppedSpaces) {
    /** Bytes as they are. */
    static final DecodingRules VERBATIM = new DecodingRules(false, false, false, 0);
}
