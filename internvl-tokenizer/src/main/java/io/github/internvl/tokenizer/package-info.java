/**
 * Text to token ids and back, and the dialogue formats, of InternVL: {@link io.github.internvl.tokenizer.Tokenizer} reads a
 * checkpoint's tokenizer files, {@link io.github.internvl.tokenizer.TextDecoder} turns an answer's ids into text while they
 * arrive, {@link io.github.internvl.tokenizer.ChatTemplate} writes a dialogue as one prompt.
 */
@NullMarked
package io.github.internvl.tokenizer;

import org.jspecify.annotations.NullMarked;
