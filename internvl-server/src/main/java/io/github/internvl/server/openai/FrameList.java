package io.github.internvl.server.openai;

import io.github.internvl.vision.FrameSource;
import io.github.internvl.vision.Image;
import java.util.ArrayList;
import java.util.List;

/**
 * A video of frames that the client sampled itself, in vLLM's form {@code data:video/jpeg;base64,FRAME,FRAME,…}. A frame is decoded
 * when it is read.
 *
 * @param frames the pictures in base64
 * @param mostPixels the pixel limit of all frames read, together
 * @param mostFramePixels the pixel limit of one frame
 * @param decoder decodes a {@code data:} URL
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
