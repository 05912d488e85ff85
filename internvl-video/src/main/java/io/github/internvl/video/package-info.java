/**
 * Decoders over FFmpeg: of video files for {@link io.github.internvl.vision.Video}, and of AVIF and HEIC pictures for {@link
 * io.github.internvl.vision.Image}. Both are found as services when this artifact is on the class path.
 */
@NullMarked
package io.github.internvl.video;

import org.jspecify.annotations.NullMarked;
