package io.github.internvl.video;

import io.github.internvl.vision.spi.MediaException.Reason;
import io.github.internvl.vision.spi.VideoDecoder;
import io.github.internvl.vision.spi.VideoFile;
import java.io.IOException;

/**
 * Decodes MP4, QuickTime, Matroska, WebM, AVI, MPEG, FLV, ASF and Ogg files through FFmpeg's libraries; {@link
 * io.github.internvl.vision.Video} finds it by itself. Safe for use by several threads.
 *
 * <p>FFmpeg gets the bytes of the given file and nothing else: it opens no file, no socket and no playlist by itself. Its
 * native build for the platform must be on the class path, {@code org.bytedeco:ffmpeg} and {@code org.bytedeco:javacpp}
 * with a classifier such as {@code linux-x86_64}; JavaCPP unpacks it into its cache, {@code ~/.javacpp} by default. The
 * first use sets what FFmpeg has once for a process: it logs nothing, and no block of its memory is above 512 MiB.
 */
public final class FfmpegVideoDecoder implements VideoDecoder {

    /** Makes a decoder; {@link java.util.ServiceLoader} calls it. */
    public FfmpegVideoDecoder() {}

    @Override
    public VideoDecoder.Frames open(VideoFile file) {
        try {
            Ffmpeg.load();
        } catch (LinkageError e) {
            throw file.failure(Reason.NO_DECODER, "needs FFmpeg's native libraries: " + cure(e), e);
        }
        return FfmpegFrames.open(file);
    }

    private static String cure(LinkageError failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String message = String.valueOf(cause.getMessage());
            if (cause instanceof IOException || message.contains("Could not create the cache")) {
                return "they must be unpacked into a folder that can be written, which "
                        + System.getProperty("user.home") + " and " + System.getProperty("java.io.tmpdir")
                        + " are not ("
                        + cause + "); set the system property org.bytedeco.javacpp.cachedir to one and start again";
            }
            if (message.contains("failed to map segment")) {
                return "the file system of their folder must permit execution (" + message
                        + "); set the system property org.bytedeco.javacpp.cachedir to a folder that is not mounted"
                        + " noexec and start again";
            }
        }
        return "they could not be loaded on " + System.getProperty("os.name") + " " + System.getProperty("os.arch")
                + " ("
                + failure + "); add org.bytedeco:ffmpeg and org.bytedeco:javacpp with the classifier of the platform,"
                + " such as linux-x86_64";
    }
}
