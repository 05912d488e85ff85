package io.github.internvl.vision.codec;

import io.github.internvl.vision.spi.ImageFile;
import io.github.internvl.vision.spi.Pixels;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The frames of a GIF on their canvas, as Pillow draws them; what the first one leaves free has the transparent index or
 * else index 0. The JDK's reader is not used because it passes over damaged and missing data in silence.
 */
final class GifDecoder implements Player {
    private static final int WIPED = 2;
    private static final int RESTORED = 3;

    /** First row and step of each pass over the rows. */
    private static final int[] FOUR_PASSES = {0, 8, 4, 8, 2, 4, 1, 2};

    private final ImageFile image;
    private final GifBlocks blocks;
    private byte[] canvas = {};
    private int width;
    private int height;
    private GifBlocks.@Nullable Frame drawn;
    /** The pixels that replace the last frame's rectangle before the next frame; null if it stays. */
    private byte @Nullable [] after;

    GifDecoder(ImageFile image) {
        this.image = image;
        this.blocks = new GifBlocks(image);
    }

    /** The first frame. */
    static Pixels decode(ImageFile image) {
        return new GifDecoder(image).next();
    }

    @Override
    public Player.Facts facts() {
        GifBlocks walk = new GifBlocks(image);
        int frames = 0;
        long millis = 0;
        int right = blocks.screenWidth();
        int bottom = blocks.screenHeight();
        for (; frames == 0 || walk.hasNext(); frames++) {
            GifBlocks.Frame frame = walk.next();
            millis += frame.millis();
            right = frames == 0 ? Math.max(right, frame.left() + frame.width()) : right;
            bottom = frames == 0 ? Math.max(bottom, frame.top() + frame.height()) : bottom;
        }
        return new Player.Facts(right, bottom, frames, millis);
    }

    @Override
    public Pixels next() {
        GifBlocks.Frame frame = blocks.next();
        image.checkSize(frame.width(), frame.height());
        if (drawn != null && after != null) {
            draw(drawn, after, null, -1);
        }
        byte[] indices = rows(frame);
        if (drawn == null) {
            start(frame);
        } else {
            after = rectangleAfter(frame, false);
        }
        draw(frame, blocks.coloured(indices, frame.palette()), indices, drawn == null ? -1 : frame.transparent());
        drawn = frame;
        return new Pixels(width, height, canvas);
    }

    private void start(GifBlocks.Frame frame) {
        width = Math.max(blocks.screenWidth(), frame.left() + frame.width());
        height = Math.max(blocks.screenHeight(), frame.top() + frame.height());
        image.checkSize(width, height);
        byte[] empty = new byte[width * height];
        Arrays.fill(empty, (byte) Math.max(0, frame.transparent()));
        canvas = blocks.coloured(empty, frame.palette());
        after = rectangleAfter(frame, true);
    }

    /** The pixels that replace a frame's rectangle after it, determined before it is drawn. */
    private byte @Nullable [] rectangleAfter(GifBlocks.Frame frame, boolean first) {
        boolean restored = frame.disposal() >= RESTORED;
        if (frame.disposal() < WIPED || (restored && first && frame.transparent() < 0)) {
            return null;
        }
        if (restored && !first) {
            return cut(frame);
        }
        byte[] one = {(byte) (frame.transparent() >= 0 ? frame.transparent() : blocks.background())};
        byte[] colour = blocks.coloured(one, frame.palette());
        byte[] filled = new byte[frame.width() * frame.height() * 3];
        for (int i = 0; i < filled.length; i++) {
            filled[i] = colour[i % 3];
        }
        return filled;
    }

    private byte[] cut(GifBlocks.Frame frame) {
        byte[] rgb = new byte[frame.width() * frame.height() * 3];
        int columns = Math.min(frame.width(), width - frame.left());
        for (int y = 0; y < frame.height() && frame.top() + y < height && columns > 0; y++) {
            int from = ((frame.top() + y) * width + frame.left()) * 3;
            System.arraycopy(canvas, from, rgb, y * frame.width() * 3, columns * 3);
        }
        return rgb;
    }

    /** Puts colours into a rectangle, but where the index is the transparent one. */
    private void draw(GifBlocks.Frame frame, byte[] rgb, byte @Nullable [] indices, int transparent) {
        int columns = Math.min(frame.width(), width - frame.left());
        for (int y = 0; y < frame.height() && frame.top() + y < height; y++) {
            int to = ((frame.top() + y) * width + frame.left()) * 3;
            int from = y * frame.width();
            for (int x = 0; x < columns; x++) {
                if (indices == null || transparent != (indices[from + x] & 0xff)) {
                    System.arraycopy(rgb, 3 * (from + x), canvas, to + 3 * x, 3);
                }
            }
        }
    }

    /** The palette indices of a frame, row by row from the top. */
    private byte[] rows(GifBlocks.Frame frame) {
        int columns = frame.width();
        byte[] stored = new GifLzw(image, frame.data()).read(columns * frame.height());
        if (!frame.interlaced()) {
            return stored;
        }
        byte[] rows = new byte[stored.length];
        int from = 0;
        for (int pass = 0; pass < FOUR_PASSES.length; pass += 2) {
            for (int y = FOUR_PASSES[pass]; y < frame.height(); y += FOUR_PASSES[pass + 1], from += columns) {
                System.arraycopy(stored, from, rows, y * columns, columns);
            }
        }
        return rows;
    }
}
