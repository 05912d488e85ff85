package io.github.internvl.vision;

import io.github.internvl.vision.VideoException.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The frames of a GIF or WebP file, as Pillow gives them, each drawn over the one before it. Immutable. */
final class Animation implements FrameSource {
    /** A file that is played once, from the first frame on. */
    interface Player {
        /** Width and height of the canvas, frames, and what they last together in milliseconds. */
        Facts facts();

        /** Draws the next frame and gives the canvas, which may be changed by the next call. */
        Image next();
    }

    record Facts(int width, int height, int frames, long millis) {}

    /** An animation is read whole. */
    private static final int MOST_BYTES = 1 << 29;

    /** As large as an array may be: the frames' size is looked at, and then held to the options of the video. */
    private static final ImageOptions HEADER_ALONE = ImageOptions.defaults().withMaxPixels(Integer.MAX_VALUE / 3);

    private final VideoFile file;
    private final EncodedImage encoded;
    private final boolean gif;
    private final Facts facts;

    private Animation(VideoFile file, byte[] bytes, boolean gif) {
        ImageOptions limit =
                ImageOptions.defaults().withMaxPixels(file.options().maxFramePixels());
        this.file = file;
        this.encoded = new EncodedImage(file.name(), bytes, limit);
        this.gif = gif;
        this.facts = player(new EncodedImage(file.name(), bytes, HEADER_ALONE)).facts();
        file.checkFrames(1, facts.width(), facts.height());
    }

    static Animation ofGif(VideoFile file) {
        return open(file, true);
    }

    static Animation ofWebp(VideoFile file) {
        return open(file, false);
    }

    private static Animation open(VideoFile file, boolean gif) {
        try (InputStream stream = Channels.newInputStream(file.open())) {
            byte[] bytes = stream.readNBytes(MOST_BYTES);
            if (bytes.length == MOST_BYTES) {
                throw file.failure(
                        Reason.TOO_LARGE,
                        "an animation must have fewer than " + MOST_BYTES + " bytes; make a video file of it",
                        null);
            }
            return new Animation(file, bytes, gif);
        } catch (IOException e) {
            throw file.unreadable(e);
        } catch (ImageException e) {
            throw asVideo(e);
        } catch (IndexOutOfBoundsException e) {
            throw truncated(file, e);
        }
    }

    private Player player(EncodedImage image) {
        return gif ? new GifDecoder(image) : new WebpPlayer(image);
    }

    @Override
    public int frameCount() {
        return facts.frames();
    }

    @Override
    public double framesPerSecond() {
        return facts.frames() * 1000.0 / facts.millis();
    }

    @Override
    public List<Image> read(int[] indices) {
        file.checkFrames(indices.length, facts.width(), facts.height());
        Duration timeout = file.options().timeout();
        long start = System.nanoTime();
        List<Image> frames = new ArrayList<>();
        try {
            Player player = player(encoded);
            for (int index = 0; frames.size() < indices.length; index++) {
                Image canvas = player.next();
                if (index == indices[frames.size()]) {
                    frames.add(new Image(
                            canvas.width(), canvas.height(), canvas.pixels().clone()));
                }
                if (System.nanoTime() - start > timeout.toNanos()) {
                    throw file.failure(
                            Reason.TOO_SLOW,
                            "decoding must take at most " + timeout
                                    + ": it takes longer; take fewer frames or raise VideoOptions.timeout",
                            null);
                }
            }
        } catch (ImageException e) {
            throw asVideo(e);
        } catch (IndexOutOfBoundsException e) {
            throw truncated(file, e);
        }
        return frames;
    }

    private static VideoException truncated(VideoFile file, RuntimeException cause) {
        return file.failure(Reason.TRUNCATED, "the animation must be whole: it ends early; get it again", cause);
    }

    private static VideoException asVideo(ImageException failure) {
        Reason reason = switch (failure.reason()) {
            case EMPTY -> Reason.EMPTY;
            case TRUNCATED -> Reason.TRUNCATED;
            case TOO_LARGE -> Reason.TOO_LARGE;
            case TOO_SLOW -> Reason.TOO_SLOW;
            case UNSUPPORTED_FORMAT -> Reason.UNSUPPORTED_FORMAT;
            case UNREADABLE -> Reason.UNREADABLE;
            case NOT_AN_IMAGE, BAD_DATA_URL, CORRUPT -> Reason.CORRUPT;
        };
        return new VideoException(reason, String.valueOf(failure.getMessage()), failure);
    }
}
