/** Tests of the vision module. */
@NullMarked
package io.github.internvl.vision.tiles;

import org.jspecify.annotations.NullMarked;
