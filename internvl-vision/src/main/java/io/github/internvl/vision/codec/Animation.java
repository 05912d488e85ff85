package io.github.internvl.vision.codec;

import io.github.internvl.vision.spi.ImageFile;
import io.github.internvl.vision.spi.MediaException;
import io.github.internvl.vision.spi.MediaException.Reason;
import io.github.internvl.vision.spi.Pixels;
import io.github.internvl.vision.spi.VideoDecoder;
import io.github.internvl.vision.spi.VideoFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** The frames of a GIF or WebP file, each drawn over the one before it, as Pillow gives them. Immutable. */
final class Animation implements VideoDecoder.Frames {
    /** The whole file is read into memory. */
    private static final int MOST_BYTES = 1 << 29;

    /** As many pixels as an array holds: the headers' size is checked against the limits of the video. */
    private static final long HEADER_PIXELS = Integer.MAX_VALUE / 3;

    private final VideoFile file;
    private final ImageFile encoded;
    private final Function<ImageFile, Player> format;
    private final Player.Facts facts;

    private Animation(VideoFile file, byte[] bytes, Function<ImageFile, Player> format) {
        this.file = file;
        this.encoded = new ImageFile(file.name(), bytes, file.limits().maxFramePixels(), false);
        this.format = format;
        this.facts = format.apply(new ImageFile(file.name(), bytes, HEADER_PIXELS, false))
                .facts();
        file.checkFrames(1, facts.width(), facts.height());
    }

    /** Reads a file and its headers; {@code format} starts a player. */
    static Animation open(VideoFile file, Function<ImageFile, Player> format) {
        try (InputStream stream = Channels.newInputStream(file.open())) {
            byte[] bytes = stream.readNBytes(MOST_BYTES);
            if (bytes.length == MOST_BYTES) {
                throw file.failure(
                        Reason.TOO_LARGE,
                        "an animation must have fewer than " + MOST_BYTES + " bytes; make a video file of it",
                        null);
            }
            return new Animation(file, bytes, format);
        } catch (IOException e) {
            throw file.unreadable(e);
        } catch (IndexOutOfBoundsException e) {
            throw truncated(file, e);
        }
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
    public List<Pixels> read(int[] indices) {
        file.checkFrames(indices.length, facts.width(), facts.height());
        Duration timeout = file.limits().timeout();
        long start = System.nanoTime();
        List<Pixels> frames = new ArrayList<>();
        try {
            Player player = format.apply(encoded);
            for (int index = 0; frames.size() < indices.length; index++) {
                Pixels canvas = player.next();
                if (index == indices[frames.size()]) {
                    frames.add(new Pixels(
                            canvas.width(), canvas.height(), canvas.rgb().clone()));
                }
                if (System.nanoTime() - start > timeout.toNanos()) {
                    throw file.failure(
                            Reason.TOO_SLOW,
                            "decoding must take at most " + timeout
                                    + ": it takes longer; take fewer frames or raise Video.Options.timeout",
                            null);
                }
            }
        } catch (IndexOutOfBoundsException e) {
            throw truncated(file, e);
        }
        return frames;
    }

    private static MediaException truncated(VideoFile file, RuntimeException cause) {
        return file.failure(Reason.TRUNCATED, "the animation must be whole: it ends early; get it again", cause);
    }
}
