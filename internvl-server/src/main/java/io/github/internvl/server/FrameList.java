package io.github.internvl.server;

import io.github.internvl.vision.FrameSource;
import io.github.internvl.vision.Image;
import java.util.ArrayList;
import java.util.List;

/**
 * A video as vLLM's clients send frames that they took themselves: {@code data:video/jpeg;base64,FRAME,FRAME,…}. A frame is
 * decoded when it is taken.
 *
 * @param frames the pictures in base64
 * @param mostPixels of all frames that are taken
 * @param mostFramePixels of one of them
 * @param decoder decodes a {@code data:} URL of at most so many pixels
 */
record FrameList(List<String> frames, long mostPixels, long mostFramePixels, Decoder decoder) implements FrameSource {
    private static final String BEGIN = "data:video/jpeg";

    /** Decodes a {@code data:} URL under a limit of pixels. */
    interface Decoder {
        Image decode(String url, long mostPixels);
    }

    static boolean isNamedBy(String url) {
        return url.regionMatches(true, 0, BEGIN, 0, BEGIN.length());
    }

    @Override
    public int frameCount() {
        return frames.size();
    }

    @Override
    public double framesPerSecond() {
        return 1;
    }

    @Override
    public List<Image> read(int[] indices) {
        List<Image> taken = new ArrayList<>(indices.length);
        long left = mostPixels;
        for (int index : indices) {
            Image frame =
                    decoder.decode("data:image/jpeg;base64," + frames.get(index), Math.min(left, mostFramePixels));
            left -= (long) frame.width() * frame.height();
            taken.add(frame);
        }
        return taken;
    }
}
