package io.github.internvl.vision;

import io.github.internvl.vision.codec.VideoFormat;
import io.github.internvl.vision.spi.MediaException;
import io.github.internvl.vision.spi.MediaException.Reason;
import io.github.internvl.vision.spi.VideoDecoder;
import io.github.internvl.vision.spi.VideoFile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

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
        return open(file, Options.defaults());
    }

    /** Opens a file, which must not change: {@link #sample} reads it again. */
    public static Video open(Path file, Options options) {
        return open(VideoFile.of(file, options.limits()));
    }

    /** Opens the bytes of a video file with the default limits. */
    public static Video of(byte[] encoded) {
        return of(encoded, Options.defaults());
    }

    /** Opens the bytes of a video file, which must not change while the video is used. */
    public static Video of(byte[] encoded, Options options) {
        return open(VideoFile.of("video bytes", encoded, options.limits()));
    }

    /** A video of frames from another source, such as a decoder of the program's own. */
    public static Video of(VideoDecoder.Frames source) {
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

    private static Video of(String name, VideoDecoder.Frames source) {
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
    public List<Image> sample(Sampling sampling) {
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

    /**
     * Limits on the cost of a video. Immutable; derive a variant with the {@code with} methods. The header is checked before
     * memory is allocated.
     *
     * @param maxBytes most bytes of the file, by default 16 GiB; a file is read in pieces, so they cost time, not memory
     * @param maxFramePixels largest width times height of a frame, by default 35,651,584 (8192 x 4352)
     * @param maxPixels most pixels of all frames that are taken at once, by default 400,000,000: 48 frames in 4K, or 192 in
     *     full HD. They are kept on the Java heap, three bytes each
     * @param timeout longest time for opening, and again for each sampling, by default ten minutes
     */
    public record Options(long maxBytes, long maxFramePixels, long maxPixels, Duration timeout) {
        private static final Options DEFAULTS =
                new Options(16L << 30, 8192 * 4352, 400_000_000, Duration.ofMinutes(10));
        private static final int MOST_PIXELS = Integer.MAX_VALUE / 3;

        /** Checks the limits. */
        public Options {
            if (maxBytes < 1) {
                throw new IllegalArgumentException("maxBytes must be at least 1: " + maxBytes);
            }
            if (maxFramePixels < 1 || maxFramePixels > MOST_PIXELS) {
                throw new IllegalArgumentException("maxFramePixels must be 1.." + MOST_PIXELS + ": " + maxFramePixels);
            }
            if (maxPixels < 1) {
                throw new IllegalArgumentException("maxPixels must be at least 1: " + maxPixels);
            }
            if (timeout.isNegative() || timeout.isZero()) {
                throw new IllegalArgumentException("timeout must be positive: " + timeout);
            }
        }

        /** 16 GiB, frames of 8K, 400 million pixels at once, ten minutes. */
        public static Options defaults() {
            return DEFAULTS;
        }

        /** These options with another limit of bytes. */
        public Options withMaxBytes(long limit) {
            return new Options(limit, maxFramePixels, maxPixels, timeout);
        }

        /** These options with another limit of pixels of one frame. */
        public Options withMaxFramePixels(long limit) {
            return new Options(maxBytes, limit, maxPixels, timeout);
        }

        /** These options with another limit of pixels of all frames taken at once. */
        public Options withMaxPixels(long limit) {
            return new Options(maxBytes, maxFramePixels, limit, timeout);
        }

        /** These options with another limit of time. */
        public Options withTimeout(Duration limit) {
            return new Options(maxBytes, maxFramePixels, maxPixels, limit);
        }

        VideoFile.Limits limits() {
            return new VideoFile.Limits(maxBytes, maxFramePixels, maxPixels, timeout);
        }
    }

    /**
     * The choice of frames of a video: a number of them, each from the middle of one of as many equal parts, as {@code
     * get_index} of the model cards chooses them. Immutable.
     *
     * <p>The first and the last frame are round-half-even(seconds * frames per second), clipped to the video. Where the frame
     * rate varies, seconds count at its average.
     *
     * @param count number of frames, {@code num_segments}, at least 1; a frame is taken twice if the video has fewer. Empty for
     *     every frame between the bounds
     * @param startSeconds start of the span; 0 or less for the beginning of the video
     * @param endSeconds end of the span, not before its start; infinity for the end of the video
     */
    public record Sampling(OptionalInt count, double startSeconds, double endSeconds) {

        /** Checks the values. */
        public Sampling {
            if (count.isPresent() && count.getAsInt() < 1) {
                throw new IllegalArgumentException("count must be at least 1: " + count.getAsInt());
            }
            if (!(startSeconds <= endSeconds)) {
                throw new IllegalArgumentException(
                        "startSeconds must be a number not above endSeconds: " + startSeconds + ", " + endSeconds);
            }
        }

        /** Takes {@code count} frames of the whole video; the model cards take 32, and 8 in their chats. */
        public static Sampling frames(int count) {
            return new Sampling(OptionalInt.of(count), 0, Double.POSITIVE_INFINITY);
        }

        /** Takes every frame, for preselected lists and folders of frames. */
        public static Sampling all() {
            return new Sampling(OptionalInt.empty(), 0, Double.POSITIVE_INFINITY);
        }

        /** Takes as many frames from a span of the video, the {@code bound} of the model cards. */
        public Sampling between(double fromSeconds, double toSeconds) {
            return new Sampling(count, fromSeconds, toSeconds);
        }

        /**
         * The numbers of the frames, in order.
         *
         * @param frameCount number of frames of the video
         * @param framesPerSecond its average frame rate
         * @throws MediaException if the bounds lie behind the end of the video
         */
        public int[] indices(int frameCount, double framesPerSecond) {
            double first = Math.max(0, Math.rint(startSeconds * framesPerSecond));
            double last = Math.min(Math.rint(endSeconds * framesPerSecond), frameCount - 1);
            if (count.isEmpty() && first <= last) {
                return IntStream.rangeClosed((int) first, (int) last).toArray();
            }
            int segments = count.orElse(1);
            double segment = (last - first) / segments;
            int[] indices = new int[segments];
            for (int k = 0; k < segments; k++) {
                indices[k] = (int) (first + segment / 2 + Math.rint(segment * k));
                if (indices[k] < 0 || indices[k] >= frameCount) {
                    throw new MediaException(
                            Reason.OUT_OF_RANGE,
                            "the frames from " + startSeconds + " s to " + endSeconds
                                    + " s must lie in the video: it has " + frameCount + " frames, "
                                    + frameCount / framesPerSecond + " s; move the bounds",
                            null);
                }
            }
            return indices;
        }
    }
}
