/**
 * The decoders of PNG, JPEG, GIF, BMP, TIFF and WebP files and of GIF and WebP animations. {@link
 * io.github.internvl.vision.codec.ImageFormat} and {@link io.github.internvl.vision.codec.VideoFormat} recognise a file by its
 * first bytes and choose the decoder, which may be a service of another artifact.
 */
@NullMarked
package io.github.internvl.vision.codec;

import org.jspecify.annotations.NullMarked;
