/**
 * The preprocessing of pictures: {@link io.github.internvl.vision.tiles.ImageProcessor} stretches a picture to a grid and
 * cuts it into {@link io.github.internvl.vision.tiles.PixelTiles}, bit for bit as the reference does.
 */
@NullMarked
package io.github.internvl.vision.tiles;

import org.jspecify.annotations.NullMarked;
