/** Formats of answers: JSON, schemas, regular expressions and choices as automata over bytes, and the tokens they allow. */
@NullMarked
package io.github.internvl.internal.grammar;

import org.jspecify.annotations.NullMarked;
