/**
 * Video files through FFmpeg, for {@link io.github.internvl.vision.Video}: on the class path it is found by itself.
 */
@NullMarked
package io.github.internvl.video;

import org.jspecify.annotations.NullMarked;
