/** Tests of the vision module. */
@NullMarked
package io.github.internvl.vision;

import org.jspecify.annotations.NullMarked;
