package io.github.internvl.vision.codec;

import io.github.internvl.vision.spi.ImageFile;
import io.github.internvl.vision.spi.Pixels;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Draws the frames of a WebP animation as libwebp's own player does, in the whole numbers that it computes in. */
final class WebpPlayer implements Player {
    /** The delay of a frame without one, as in {@link GifBlocks}. */
    private static final int USUAL_PAUSE_MILLIS = 100;

    private final WebpDecoder file;
    private final List<WebpDecoder.Frame> frames;
    private int[] canvas = {};
    private int index;
    private WebpDecoder.@Nullable Frame drawn;
    private boolean drawnOnNothing;

    WebpPlayer(ImageFile image) {
        file = new WebpDecoder(image);
        frames = file.frames();
    }

    /** A picture that is no animation counts as one frame. */
    @Override
    public Player.Facts facts() {
        long millis = 0;
        for (WebpDecoder.Frame frame : frames) {
            millis += frame.millis() > 0 ? frame.millis() : USUAL_PAUSE_MILLIS;
        }
        return new Player.Facts(
                file.width(), file.height(), Math.max(1, frames.size()), Math.max(USUAL_PAUSE_MILLIS, millis));
    }

    @Override
    public Pixels next() {
        if (frames.isEmpty()) {
            return image(file.argb(null));
        }
        WebpDecoder.Frame frame = frames.get(index++);
        boolean onNothing = beginsAnew(frame);
        if (onNothing) {
            canvas = new int[file.width() * file.height()];
        } else if (drawn != null && drawn.wiped()) {
            wipe(drawn);
        }
        draw(frame, file.argb(frame), frame.blended() && !onNothing);
        drawn = frame;
        drawnOnNothing = onNothing;
        return image(canvas);
    }

    /** Whether nothing of what was drawn before is seen any more. */
    private boolean beginsAnew(WebpDecoder.Frame frame) {
        if (drawn == null || (!frame.blended() && fills(frame))) {
            return true;
        }
        return drawn.wiped() && (fills(drawn) || drawnOnNothing);
    }

    private boolean fills(WebpDecoder.Frame frame) {
        return frame.width() == file.width() && frame.height() == file.height();
    }

    private void wipe(WebpDecoder.Frame frame) {
        for (int y = frame.top(); y < frame.top() + frame.height(); y++) {
            int row = y * file.width() + frame.left();
            Arrays.fill(canvas, row, row + frame.width(), 0);
        }
    }

    private void draw(WebpDecoder.Frame frame, int[] pixels, boolean blended) {
        for (int y = 0, from = 0; y < frame.height(); y++) {
            int to = (frame.top() + y) * file.width() + frame.left();
            for (int x = 0; x < frame.width(); x++, from++, to++) {
                canvas[to] = blended ? blend(pixels[from], canvas[to]) : pixels[from];
            }
        }
    }

    private static int blend(int above, int below) {
        int alpha = above >>> 24;
        if (alpha == 255) {
            return above;
        }
        if (alpha == 0) {
            return below;
        }
        int rest = ((below >>> 24) * (256 - alpha)) >> 8;
        int sum = alpha + rest;
        long scale = (1L << 24) / sum;
        int blended = sum << 24;
        for (int shift = 0; shift < 24; shift += 8) {
            long channel = ((above >> shift) & 0xff) * (long) alpha + ((below >> shift) & 0xff) * (long) rest;
            blended |= (int) ((channel * scale) >> 24) << shift;
        }
        return blended;
    }

    private Pixels image(int[] argb) {
        byte[] rgb = new byte[argb.length * 3];
        for (int i = 0, o = 0; i < argb.length; i++, o += 3) {
            rgb[o] = (byte) (argb[i] >> 16);
            rgb[o + 1] = (byte) (argb[i] >> 8);
            rgb[o + 2] = (byte) argb[i];
        }
        return new Pixels(file.width(), file.height(), rgb);
    }
}
