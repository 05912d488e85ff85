package io.github.internvl.tokenizer;

/**
 * How one family writes ids as text.
 *
 * @param cleansSpaces the clean-up of {@link SpaceCleanUp} runs over every decoded text
 * @param replacesEachByte every byte of an invalid UTF-8 sequence becomes its own U+FFFD (SentencePiece); otherwise the longest
 *     beginning of a character becomes one (Python, Java)
 * @param spaces where special tokens that are shown have spaces around them
 * @param droppedSpaces how many pieces at the beginning of a text lose the space they begin with, as the encoder put it there
 */
record DecodingRules(boolean cleansSpaces, boolean replacesEachByte, Spaces spaces, int droppedSpaces) {
    /** Bytes as they are. */
    static final DecodingRules VERBATIM = new DecodingRules(false, false, Spaces.NONE, 0);

    /** Where special tokens have spaces. */
    enum Spaces {
        NONE,
        /** Between those that are decoded apart from the text and their neighbours, as Llama's slow tokenizer does it. */
        APART,
        /** There, and in front of those in the text, which start a new one, as InternLM2's does it. */
        ALL
    }
}
