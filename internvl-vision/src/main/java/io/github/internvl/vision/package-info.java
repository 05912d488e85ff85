/**
 * Pictures as InternVL 2.5 takes them: {@link io.github.internvl.vision.Image} decodes one, and
 * {@link io.github.internvl.vision.ImageProcessor} cuts it into {@link io.github.internvl.vision.PixelTiles}, bit for bit as
 * the reference does.
 */
@NullMarked
package io.github.internvl.vision;

import org.jspecify.annotations.NullMarked;
