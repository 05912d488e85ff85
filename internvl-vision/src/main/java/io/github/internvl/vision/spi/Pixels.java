package io.github.internvl.vision.spi;

/**
 * Decoded pixels: 8-bit RGB, row by row from the top. The decoder hands the array over and never changes it afterwards; the
 * receiver only reads it.
 *
 * @param width width in pixels, at least 1
 * @param height height in pixels, at least 1
 * @param rgb {@code height * width * 3} bytes: red, green, blue
 */
public record Pixels(int width, int height, byte[] rgb) {
    /** The EXIF orientation of a picture that is stored upright. */
    public static final int UPRIGHT = 1;

    private static final int CHANNELS = 3;

    /** Checks the sizes. */
    public Pixels {
        if (width < 1 || height < 1) {
            throw new IllegalArgumentException("width and height must be positive: " + width + " x " + height);
        }
        if ((long) width * height * CHANNELS != rgb.length) {
            throw new IllegalArgumentException("rgb must hold " + width + " x " + height + " x 3 = "
                    + (long) width * height * CHANNELS + " bytes: " + rgb.length);
        }
    }

    /**
     * The pixels rotated and mirrored upright, as Pillow's {@code ImageOps.exif_transpose} does.
     *
     * @param orientation the EXIF orientation, 1..8: the place of the first stored row and column
     */
    public Pixels upright(int orientation) {
        if (orientation == UPRIGHT) {
            return this;
        }
        // One step right or down in the result moves by these steps, in pixels, in the source.
        boolean swapped = orientation > 4;
        boolean right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
        boolean bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
        int acrossSource = right ? -1 : 1;
        int downSource = bottom ? -width : width;
        int first = (right ? width - 1 : 0) + (bottom ? (height - 1) * width : 0);
        int newWidth = swapped ? height : width;
        int newHeight = swapped ? width : height;
        int across = swapped ? downSource : acrossSource;
        int down = swapped ? acrossSource : downSource;
        byte[] target = new byte[rgb.length];
        for (int y = 0, o = 0; y < newHeight; y++) {
            int p = (first + y * down) * CHANNELS;
            for (int x = 0; x < newWidth; x++, o += CHANNELS, p += across * CHANNELS) {
                target[o] = rgb[p];
                target[o + 1] = rgb[p + 1];
                target[o + 2] = rgb[p + 2];
            }
        }
        return new Pixels(newWidth, newHeight, target);
    }

    /** The rectangle of {@code newWidth} x {@code newHeight} pixels at ({@code left}, {@code top}), which must lie inside. */
    public Pixels crop(int left, int top, int newWidth, int newHeight) {
        byte[] target = new byte[newWidth * newHeight * CHANNELS];
        for (int y = 0; y < newHeight; y++) {
            int from = ((top + y) * width + left) * CHANNELS;
            System.arraycopy(rgb, from, target, y * newWidth * CHANNELS, newWidth * CHANNELS);
        }
        return new Pixels(newWidth, newHeight, target);
    }
}
