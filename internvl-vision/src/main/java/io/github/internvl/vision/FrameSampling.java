package io.github.internvl.vision;

import io.github.internvl.vision.spi.MediaException;
import io.github.internvl.vision.spi.MediaException.Reason;
import java.util.OptionalInt;
import java.util.stream.IntStream;

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
public record FrameSampling(OptionalInt count, double startSeconds, double endSeconds) {

    /** Checks the values. */
    public FrameSampling {
        if (count.isPresent() && count.getAsInt() < 1) {
            throw new IllegalArgumentException("count must be at least 1: " + count.getAsInt());
        }
        if (!(startSeconds <= endSeconds)) {
            throw new IllegalArgumentException(
                    "startSeconds must be a number not above endSeconds: " + startSeconds + ", " + endSeconds);
        }
    }

    /** Takes {@code count} frames of the whole video; the model cards take 32, and 8 in their chats. */
    public static FrameSampling frames(int count) {
        return new FrameSampling(OptionalInt.of(count), 0, Double.POSITIVE_INFINITY);
    }

    /** Takes every frame, for preselected lists and folders of frames. */
    public static FrameSampling all() {
        return new FrameSampling(OptionalInt.empty(), 0, Double.POSITIVE_INFINITY);
    }

    /** Takes as many frames from a span of the video, the {@code bound} of the model cards. */
    public FrameSampling between(double fromSeconds, double toSeconds) {
        return new FrameSampling(count, fromSeconds, toSeconds);
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
                        "the frames from " + startSeconds + " s to " + endSeconds + " s must lie in the video: it has "
                                + frameCount + " frames, " + frameCount / framesPerSecond + " s; move the bounds",
                        null);
            }
        }
        return indices;
    }
}
