package io.github.internvl.video;

import io.github.internvl.vision.spi.ImageDecoder;
import io.github.internvl.vision.spi.ImageFile;
import io.github.internvl.vision.spi.MediaException.Reason;
import io.github.internvl.vision.spi.Pixels;

/**
 * A decoder of AVIF and HEIC pictures, which {@link io.github.internvl.vision.Image} finds by itself. The boxes of the file
 * are read here; the coded pictures go through {@link FfmpegVideoDecoder}, whose native libraries must be on the class path.
 * Safe for use by several threads.
 */
public final class HeifDecoder implements ImageDecoder {
    /** Makes a decoder; {@link java.util.ServiceLoader} calls it. */
    public HeifDecoder() {}

    @Override
    public Pixels decode(ImageFile file) {
        try {
            return new HeifPicture(file).decode();
        } catch (IndexOutOfBoundsException e) {
            throw file.failure(Reason.TRUNCATED, "the HEIF header must be whole: it ends early; get it again", e);
        }
    }
}
