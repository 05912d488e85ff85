/** Video files, AVIF and HEIC through FFmpeg. */
module io.github.internvl.video {
    requires transitive io.github.internvl.vision;
    requires org.bytedeco.ffmpeg;
    requires org.bytedeco.javacpp;
    requires org.slf4j;
    requires static org.jspecify;

    exports io.github.internvl.video;

    provides io.github.internvl.vision.spi.ImageDecoder with
            io.github.internvl.video.HeifDecoder;
    provides io.github.internvl.vision.spi.VideoDecoder with
            io.github.internvl.video.FfmpegVideoDecoder;
}
