/** Tests of video decoding. */
@NullMarked
package io.github.internvl.video;

import org.jspecify.annotations.NullMarked;
