package io.github.internvl.vision;

/**
 * How image bytes are decoded. Immutable; derive a variant with the {@code with} methods.
 *
 * @param applyExifOrientation whether the picture is turned as its EXIF orientation says; the reference does not, so
 *     the default is {@code false}. A TIFF is always turned, as the reference's decoder does by itself.
 * @param maxPixels largest width times height that is decoded; a header that announces more is refused before any pixel
 *     memory is taken. 1..715,827,882 (three bytes each in one array), by default 178,956,970, where Pillow refuses too
 */
public record ImageOptions(boolean applyExifOrientation, long maxPixels) {
    private static final long MOST_PIXELS = Integer.MAX_VALUE / 3;
    private static final ImageOptions DEFAULTS = new ImageOptions(false, 178_956_970);

    /** Checks the limit. */
    public ImageOptions {
        if (maxPixels < 1 || maxPixels > MOST_PIXELS) {
            throw new IllegalArgumentException("maxPixels must be 1.." + MOST_PIXELS + ": " + maxPixels);
        }
    }

    /** The orientation as stored, at most 178,956,970 pixels. */
    public static ImageOptions defaults() {
        return DEFAULTS;
    }

    /** These options with another orientation rule. */
    public ImageOptions withApplyExifOrientation(boolean apply) {
        return new ImageOptions(apply, maxPixels);
    }

    /** These options with another pixel limit. */
    public ImageOptions withMaxPixels(long limit) {
        return new ImageOptions(applyExifOrientation, limit);
    }
}
