package io.github.internvl.vision.spi;

/**
 * A decoder of AVIF and HEIC files for {@link io.github.internvl.vision.Image}, which finds it through {@link
 * java.util.ServiceLoader}. The artifact {@code internvl-video} provides one. All other image formats are decoded without
 * it. Implementations must be safe for use by several threads.
 */
public interface ImageDecoder {
    /**
     * Decodes the primary picture of a file.
     *
     * @throws MediaException if the file holds no picture that can be decoded, or breaks a limit
     */
    Pixels decode(ImageFile file);
}
