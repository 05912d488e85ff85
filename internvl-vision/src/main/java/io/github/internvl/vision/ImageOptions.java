package io.github.internvl.vision;

/**
 * Options and limits for decoding an image. Immutable; derive a variant with the {@code with} methods.
 *
 * @param applyExifOrientation whether the EXIF orientation is applied; the reference does not apply it, so the default is
 *     {@code false}. A TIFF is always rotated, as the reference's decoder does by itself, and so is a HEIC
 * @param maxPixels largest width times height to decode; a header that announces more is rejected before the pixels are
 *     allocated. 1..715,827,882 (three bytes each in one array), by default 178,956,970, the limit of Pillow
 * @param maxBytes most bytes of the file, 1..2,147,483,639 (one array), by default 536,870,912
 */
public record ImageOptions(boolean applyExifOrientation, long maxPixels, long maxBytes) {
    private static final long MOST_PIXELS = Integer.MAX_VALUE / 3;
    private static final long MOST_BYTES = Integer.MAX_VALUE - 8;
    private static final ImageOptions DEFAULTS = new ImageOptions(false, 178_956_970, 1 << 29);

    /** Checks the limits. */
    public ImageOptions {
        if (maxPixels < 1 || maxPixels > MOST_PIXELS) {
            throw new IllegalArgumentException("maxPixels must be 1.." + MOST_PIXELS + ": " + maxPixels);
        }
        if (maxBytes < 1 || maxBytes > MOST_BYTES) {
            throw new IllegalArgumentException("maxBytes must be 1.." + MOST_BYTES + ": " + maxBytes);
        }
    }

    /** The orientation as stored, at most 178,956,970 pixels and 512 MiB. */
    public static ImageOptions defaults() {
        return DEFAULTS;
    }

    /** These options with another orientation rule. */
    public ImageOptions withApplyExifOrientation(boolean apply) {
        return new ImageOptions(apply, maxPixels, maxBytes);
    }

    /** These options with another pixel limit. */
    public ImageOptions withMaxPixels(long limit) {
        return new ImageOptions(applyExifOrientation, limit, maxBytes);
    }

    /** These options with another limit of bytes. */
    public ImageOptions withMaxBytes(long limit) {
        return new ImageOptions(applyExifOrientation, maxPixels, limit);
    }
}
