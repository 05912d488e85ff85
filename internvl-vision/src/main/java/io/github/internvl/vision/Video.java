package io.github.internvl.vision;

import io.github.internvl.vision.VideoException.Reason;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/**
 * A video: numbered frames at a rate, from which {@link #sample} takes some as pictures. Immutable and, if its source is,
 * safe for use by several threads; nothing to close.
 *
 * <p>The content decides the format, never the file name. GIF and WebP animations are decoded here; MP4, QuickTime,
 * Matroska, WebM, AVI, MPEG and other containers by the artifact {@code internvl-video}. Frames are those that decoding
 * from the beginning gives, in the order of presentation, turned as the file says. They are decoded by the calling thread,
 * and only those that are taken are kept.
 *
 * <p>Every factory and {@link #sample} throw {@link VideoException} for what is no usable video.
 */
public final class Video {
    private static final String DECODER_ARTIFACT = "io.github.internvl:internvl-video";
    private static final int MAGIC_BYTES = 12;

    private final String name;
    private final FrameSource source;

    private Video(String name, FrameSource source) {
        this.name = name;
        this.source = source;
    }

    /** Opens a file with the default limits. */
    public static Video open(Path file) {
        return open(file, VideoOptions.defaults());
    }

    /** Opens a file, which must stay as it is: {@link #sample} reads it again. */
    public static Video open(Path file, VideoOptions options) {
        return open(VideoFile.of(file, options));
    }

    /** Opens the bytes of a video file with the default limits. */
    public static Video of(byte[] encoded) {
        return of(encoded, VideoOptions.defaults());
    }

    /** Opens the bytes of a video file, which must not be changed while the video is used. */
    public static Video of(byte[] encoded, VideoOptions options) {
        return open(VideoFile.of("video bytes", encoded, options));
    }

    /** Fetches a file from the web under the rules given, and opens it with the default limits. */
    public static Video fetch(URI address, RemoteMedia rules) {
        return fetch(address, rules, VideoOptions.defaults());
    }

    /**
     * Fetches a file from the web under the rules given, as a whole into memory, and opens it.
     *
     * @throws RemoteMediaException if it cannot be fetched
     */
    public static Video fetch(URI address, RemoteMedia rules, VideoOptions options) {
        return open(VideoFile.of(WebAddress.of(address).toString(), rules.fetch(address), options));
    }

    /** A video of frames from elsewhere, for instance a decoder of the caller's own. */
    public static Video of(FrameSource source) {
        return new Video("video frames", source);
    }

    /** A video of pictures, one a second. */
    public static Video of(List<Image> frames) {
        return of(frames, 1);
    }

    /** A video of pictures. */
    public static Video of(List<Image> frames, double framesPerSecond) {
        return of(PictureFrames.of(frames, framesPerSecond));
    }

    /** A video of the picture files in a folder, one a second. */
    public static Video folder(Path folder) {
        return folder(folder, 1);
    }

    /**
     * A video of the picture files in a folder, in the order of the numbers in their names; other files are passed over. A
     * picture is decoded when it is taken, which may throw {@link ImageException}.
     */
    public static Video folder(Path folder, double framesPerSecond) {
        return new Video(folder.toString(), PictureFrames.of(folder, framesPerSecond));
    }

    static Video open(VideoFile file) {
        try {
            return new Video(file.name(), source(file));
        } catch (IOException e) {
            throw file.unreadable(e);
        }
    }

    private static FrameSource source(VideoFile file) throws IOException {
        ByteBuffer head = ByteBuffer.allocate(MAGIC_BYTES);
        try (SeekableByteChannel channel = file.open()) {
            while (head.hasRemaining() && channel.read(head) >= 0) {}
        }
        String magic = new String(head.array(), StandardCharsets.ISO_8859_1);
        if (magic.startsWith("GIF8")) {
            return Animation.ofGif(file);
        }
        if (magic.startsWith("RIFF") && magic.startsWith("WEBP", 8)) {
            return Animation.ofWebp(file);
        }
        return decoder(file).open(file);
    }

    private static VideoDecoder decoder(VideoFile file) {
        try {
            return ServiceLoader.load(VideoDecoder.class, Video.class.getClassLoader())
                    .findFirst()
                    .orElseThrow(() -> file.failure(
                            Reason.NO_DECODER,
                            "needs a decoder, as everything but GIF and WebP animations does: " + missing(),
                            null));
        } catch (ServiceConfigurationError e) {
            throw file.failure(
                    Reason.NO_DECODER,
                    "needs a decoder: the one on the class path cannot be used (" + e.getMessage()
                            + "); bring the artifacts of " + DECODER_ARTIFACT + " to one version",
                    e);
        }
    }

    /** Why no decoder is found. A jar that was put together from others may have its class and not its entry. */
    private static String missing() {
        String decoder = "io/github/internvl/video/FfmpegVideoDecoder.class";
        ClassLoader own = Video.class.getClassLoader();
        return own != null && own.getResource(decoder) != null
                ? DECODER_ARTIFACT + " is on the class path without its file META-INF/services/"
                        + VideoDecoder.class.getName()
                        + "; merge the services of all jars (Maven's shade plugin: ServicesResourceTransformer)"
                : "none is on the class path; add the artifact " + DECODER_ARTIFACT;
    }

    /** Number of frames, at least 1. */
    public int frameCount() {
        return source.frameCount();
    }

    /** Frames in a second on average. */
    public double framesPerSecond() {
        return source.framesPerSecond();
    }

    /**
     * Takes frames as pictures, in order. The calling thread decodes; its work grows with the length of the video up to the
     * last frame that is taken, its memory only with the number and the size of those.
     */
    public List<Image> sample(FrameSampling sampling) {
        int[] indices;
        try {
            indices = sampling.indices(frameCount(), framesPerSecond());
        } catch (VideoException e) {
            throw new VideoException(e.reason(), name + ": " + e.getMessage(), e);
        }
        int[] distinct = Arrays.stream(indices).sorted().distinct().toArray();
        List<Image> frames = source.read(distinct);
        return Arrays.stream(indices)
                .mapToObj(index -> frames.get(Arrays.binarySearch(distinct, index)))
                .toList();
    }

    /** Name, frames and rate in words. */
    @Override
    public String toString() {
        return "Video[" + name + ", " + frameCount() + " frames, " + framesPerSecond() + " per second]";
    }
}
