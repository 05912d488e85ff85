/** Tests of the tokenizer on small tokenizers of each family, made by {@code src/test/python/make_goldens.py}. */
@NullMarked
package io.github.internvl.tokenizer;

import org.jspecify.annotations.NullMarked;
