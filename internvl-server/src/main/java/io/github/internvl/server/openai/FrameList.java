package io.github.internvl.server.openai;

import io.github.internvl.vision.Image;
import io.github.internvl.vision.Video;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A video of frames that the client sampled itself, in vLLM's form {@code data:video/jpeg;base64,FRAME,FRAME,…}. A frame is decoded
 * when it is read.
 *
 * @param frames the pictures in base64
 * @param mostPixels the pixel limit of all frames read, together
 * @param mostFramePixels the pixel limit of one frame
 * @param decoder decodes a {@code data:} URL
 */
record FrameList(List<String> frames, long mostPixels, long mostFramePixels, Decoder decoder) {
    private static final String BEGIN = "data:video/jpeg";

    /** Decodes a {@code data:} URL under a limit of pixels. */
    interface Decoder {
        Image decode(String url, long mostPixels);
    }

    static boolean isNamedBy(String url) {
        return url.regionMatches(true, 0, BEGIN, 0, BEGIN.length());
    }

    /** Decodes the frames that the sampling chooses, each once. */
    List<Image> sample(Video.Sampling sampling) {
        Map<Integer, Image> taken = new HashMap<>();
        long left = mostPixels;
        int[] indices = sampling.indices(frames.size(), 1);
        for (int index : indices) {
            if (!taken.containsKey(index)) {
                String url = "data:image/jpeg;base64," + frames.get(index);
                Image frame = decoder.decode(url, Math.min(left, mostFramePixels));
                left -= (long) frame.width() * frame.height();
                taken.put(index, frame);
            }
        }
        return Arrays.stream(indices).mapToObj(taken::get).toList();
    }
}
