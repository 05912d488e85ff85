/** A program in Kotlin that asks about a picture; {@code internvl.model} names another model than the demo model. */
@NullMarked
package io.github.internvl.examples.kotlin;

import org.jspecify.annotations.NullMarked;
