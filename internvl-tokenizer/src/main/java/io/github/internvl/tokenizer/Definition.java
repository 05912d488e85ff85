package io.github.internvl.tokenizer;

import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.function.UnaryOperator;

/**
 * The contents of a checkpoint's tokenizer files, independent of their format.
 *
 * @param json the {@code tokenizer.json} text that the native tokenizer is made of
 * @param normalizer what happens to the whole text before the native tokenizer looks for special tokens
 * @param leastBytes a lower bound of the bytes that the tokens of a text stand for together
 * @param words whether {@code json} splits text by {@link LongText#WORDS}, and nothing in it looks across a space
 * @param diagnosis what to report when the native tokenizer refuses {@code json}
 */
record Definition(
        String json,
        Vocabulary vocabulary,
        UnaryOperator<String> normalizer,
        ToLongFunction<String> leastBytes,
        DecodingRules decoding,
        boolean words,
        Function<RuntimeException, TokenizerException> diagnosis) {}
