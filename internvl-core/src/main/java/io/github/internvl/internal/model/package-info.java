/** The graphs with their weights: tiles to visual tokens, tokens to logits. */
@NullMarked
package io.github.internvl.internal.model;

import org.jspecify.annotations.NullMarked;
