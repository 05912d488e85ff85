package io.github.internvl.vision;

import io.github.internvl.vision.codec.VideoFormat;
import io.github.internvl.vision.spi.FrameSource;
import io.github.internvl.vision.spi.MediaException;
import io.github.internvl.vision.spi.MediaException.Reason;
import io.github.internvl.vision.spi.VideoFile;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;

/**
 * A video: numbered frames at a rate, of which {@link #sample} takes some as pictures. Immutable and, if its source is, safe
 * for use by several threads; nothing to close.
 *
 * <p>The content decides the format, never the file name. GIF and WebP animations are decoded without further artifacts; MP4,
 * QuickTime, Matroska, WebM, AVI, MPEG and other containers need the artifact {@code internvl-video}. Frames are the ones
 * that decoding from the beginning gives, in the order of presentation, rotated as the file says. The calling thread decodes
 * them, and only the frames taken are kept.
 *
 * <p>Every factory and {@link #sample} throw {@link MediaException} for a video that cannot be used.
 */
public final class Video {
    private final String name;
    private final int frameCount;
    private final double framesPerSecond;
    private final Function<int[], List<Image>> reader;

    private Video(String name, int frameCount, double framesPerSecond, Function<int[], List<Image>> reader) {
        this.name = name;
        this.frameCount = frameCount;
        this.framesPerSecond = framesPerSecond;
        this.reader = reader;
    }

    /** Opens a file with the default limits. */
    public static Video open(Path file) {
        return open(file, VideoOptions.defaults());
    }

    /** Opens a file, which must not change: {@link #sample} reads it again. */
    public static Video open(Path file, VideoOptions options) {
        return open(VideoFile.of(file, options.limits()));
    }

    /** Opens the bytes of a video file with the default limits. */
    public static Video of(byte[] encoded) {
        return of(encoded, VideoOptions.defaults());
    }

    /** Opens the bytes of a video file, which must not change while the video is used. */
    public static Video of(byte[] encoded, VideoOptions options) {
        return open(VideoFile.of("video bytes", encoded, options.limits()));
    }

    /** A video of frames from another source, such as a decoder of the program's own. */
    public static Video of(FrameSource source) {
        return of("video frames", source);
    }

    /** A video of pictures at one frame a second. */
    public static Video of(List<Image> frames) {
        return of(frames, 1);
    }

    /** A video of pictures. */
    public static Video of(List<Image> frames, double framesPerSecond) {
        if (frames.isEmpty()) {
            throw new MediaException(Reason.EMPTY, "a video must have frames: the list is empty", null);
        }
        return ofPictures("video frames", frames.size(), framesPerSecond, List.copyOf(frames)::get);
    }

    /** A video of the picture files in a folder at one frame a second. */
    public static Video folder(Path folder) {
        return folder(folder, 1);
    }

    /**
     * A video of the picture files in a folder, in the order of the numbers in their names; other files are ignored. A
     * picture is decoded when it is sampled.
     */
    public static Video folder(Path folder, double framesPerSecond) {
        List<Path> files = PictureFolder.files(folder);
        return ofPictures(folder.toString(), files.size(), framesPerSecond, index -> Image.open(files.get(index)));
    }

    private static Video open(VideoFile file) {
        return of(file.name(), VideoFormat.open(file));
    }

    private static Video of(String name, FrameSource source) {
        return new Video(
                name,
                source.frameCount(),
                source.framesPerSecond(),
                indices -> source.read(indices).stream().map(Image::new).toList());
    }

    private static Video ofPictures(String name, int count, double framesPerSecond, IntFunction<Image> pictures) {
        if (!(framesPerSecond > 0) || Double.isInfinite(framesPerSecond)) {
            throw new IllegalArgumentException("framesPerSecond must be a number above 0: " + framesPerSecond);
        }
        return new Video(
                name,
                count,
                framesPerSecond,
                indices -> Arrays.stream(indices).mapToObj(pictures).toList());
    }

    /** Number of frames, at least 1. */
    public int frameCount() {
        return frameCount;
    }

    /** Average number of frames in a second. */
    public double framesPerSecond() {
        return framesPerSecond;
    }

    /**
     * Takes frames as pictures, in order. The calling thread decodes. Its work grows with the length of the video up to the
     * last frame taken, its memory only with the number and the size of the frames taken.
     */
    public List<Image> sample(FrameSampling sampling) {
        int[] indices;
        try {
            indices = sampling.indices(frameCount(), framesPerSecond());
        } catch (MediaException e) {
            throw new MediaException(e.reason(), name + ": " + e.getMessage(), e);
        }
        int[] distinct = Arrays.stream(indices).sorted().distinct().toArray();
        List<Image> frames = reader.apply(distinct);
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
