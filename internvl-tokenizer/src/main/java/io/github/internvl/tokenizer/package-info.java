/**
 * Text to token ids and back: {@link io.github.internvl.tokenizer.Tokenizer} reads a checkpoint's tokenizer files and encodes
 * text, {@link io.github.internvl.tokenizer.Tokenizer.Decoder} turns an answer's ids into text while they arrive.
 */
@NullMarked
package io.github.internvl.tokenizer;

import org.jspecify.annotations.NullMarked;
