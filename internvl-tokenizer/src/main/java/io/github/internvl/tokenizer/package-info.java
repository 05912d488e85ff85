/** InternVL 2.5 tokenizer. */
@NullMarked
package io.github.internvl.tokenizer;

import org.jspecify.annotations.NullMarked;
