/**
 * Grammars for constrained decoding: JSON, JSON Schema, regular expressions and choices as automata over bytes, and the tokens
 * that they allow next.
 */
@NullMarked
package io.github.internvl.grammar;

import org.jspecify.annotations.NullMarked;
