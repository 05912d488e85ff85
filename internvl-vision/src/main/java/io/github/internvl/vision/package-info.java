/**
 * Pictures and videos for InternVL: {@link io.github.internvl.vision.Image} decodes a picture, and {@link
 * io.github.internvl.vision.Video} takes frames of a video as pictures, with the pixels of the reference bit for bit.
 */
@NullMarked
package io.github.internvl.vision;

import org.jspecify.annotations.NullMarked;
