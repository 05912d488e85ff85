package io.github.internvl.vision.spi;

/**
 * A decoder of video files for {@link io.github.internvl.vision.Video}, which finds it through {@link
 * java.util.ServiceLoader}. The artifact {@code internvl-video} provides one, over FFmpeg. GIF and WebP animations are
 * decoded without it. Implementations must be safe for use by several threads.
 */
public interface VideoDecoder {
    /**
     * Opens a file without keeping any resource open.
     *
     * @throws MediaException if the file holds no video that can be decoded, or breaks a limit
     */
    FrameSource open(VideoFile file);
}
