package io.github.internvl.vision;

import io.github.internvl.vision.VideoException.Reason;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * Which frames of a video are taken: so many, from the middle of parts of equal length, as {@code get_index} of the model
 * cards chooses them. Immutable.
 *
 * <p>The first and the last frame are round-half-even(seconds * frames per second), clipped to the video. Where the frame
 * rate varies, seconds count at its average.
 *
 * @param count how many frames are taken, {@code num_segments}, at least 1; a frame may be taken twice where the video has
 *     fewer. Empty for every frame between the bounds
 * @param startSeconds where to begin; at or below 0 for the beginning
 * @param endSeconds where to end, not before the start; infinity for the end
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

    /** Takes {@code count} frames of the whole video; the model cards take 8 in a chat. */
    public static FrameSampling frames(int count) {
        return new FrameSampling(OptionalInt.of(count), 0, Double.POSITIVE_INFINITY);
    }

    /** Takes every frame: for lists and folders that were chosen before. */
    public static FrameSampling all() {
        return new FrameSampling(OptionalInt.empty(), 0, Double.POSITIVE_INFINITY);
    }

    /** Takes as many frames from a part of the video, its {@code bound}. */
    public FrameSampling between(double fromSeconds, double toSeconds) {
        return new FrameSampling(count, fromSeconds, toSeconds);
    }

    /**
     * The numbers of the frames, in order.
     *
     * @param frameCount number of frames of the video
     * @param framesPerSecond its average frame rate
     * @throws VideoException if the bounds lie behind the end of the video
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
                throw new VideoException(
                        Reason.OUT_OF_RANGE,
                        "the frames from " + startSeconds + " s to " + endSeconds + " s must lie in the video: it has "
                                + frameCount + " frames, " + frameCount / framesPerSecond + " s; move the bounds",
                        null);
            }
        }
        return indices;
    }
}
