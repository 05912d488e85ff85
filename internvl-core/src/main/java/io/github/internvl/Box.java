package io.github.internvl;

import java.awt.Rectangle;

/**
 * A place in a picture that an answer names, in thousandths of the picture's width and height. Tiling does not matter.
 * {@link ChatResponse#boxes} reads it from an answer. Immutable.
 *
 * @param label the text that the answer gives the place; empty for none
 * @param x1 left edge, 0 to 1000
 * @param y1 top edge, 0 to 1000
 * @param x2 right edge, {@code x1} to 1000
 * @param y2 bottom edge, {@code y1} to 1000
 */
public record Box(String label, int x1, int y1, int x2, int y2) {
    private static final int WHOLE = 1000;

    /**
     * Checks the edges.
     *
     * @throws IllegalArgumentException if they are out of order or of range
     */
    public Box {
        if (!isOrdered(x1, x2) || !isOrdered(y1, y2)) {
            throw new IllegalArgumentException("a box must have 0 <= x1 <= x2 <= 1000 and 0 <= y1 <= y2 <= 1000: [" + x1
                    + ", " + y1 + ", " + x2 + ", " + y2 + "]");
        }
    }

    /**
     * The least rectangle of whole pixels that covers it in a picture of a size: inside the picture, and at least one pixel
     * wide and high.
     */
    public Rectangle toPixels(int width, int height) {
        if (width < 1 || height < 1) {
            throw new IllegalArgumentException("width and height must be positive: " + width + " x " + height);
        }
        int left = first(x1, width);
        int top = first(y1, height);
        return new Rectangle(left, top, end(x2, width, left) - left, end(y2, height, top) - top);
    }

    static boolean isOrdered(int from, int to) {
        return 0 <= from && from <= to && to <= WHOLE;
    }

    private static int first(int edge, int size) {
        return Math.min((int) ((long) edge * size / WHOLE), size - 1);
    }

    private static int end(int edge, int size, int first) {
        return Math.max((int) (((long) edge * size + WHOLE - 1) / WHOLE), first + 1);
    }
}
