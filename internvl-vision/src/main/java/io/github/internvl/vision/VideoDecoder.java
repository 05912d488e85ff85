package io.github.internvl.vision;

/**
 * Decodes video files for {@link Video}, which finds it by {@link java.util.ServiceLoader}. The artifact {@code
 * internvl-video} has one, over FFmpeg; without it only GIF and WebP animations can be opened. Implementations must be safe
 * for use by several threads.
 */
public interface VideoDecoder {

    /**
     * Opens a file, without keeping anything open.
     *
     * @throws VideoException if it holds no video that can be decoded, or breaks a limit of its options
     */
    FrameSource open(VideoFile file);
}
