package io.github.internvl.vision;

import io.github.internvl.vision.codec.ImageFormat;
import io.github.internvl.vision.codec.RgbPixels;
import io.github.internvl.vision.spi.ImageFile;
import io.github.internvl.vision.spi.MediaException;
import io.github.internvl.vision.spi.MediaException.Reason;
import io.github.internvl.vision.spi.Pixels;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A decoded picture: immutable 8-bit RGB pixels, row by row from the top. Safe for use by several threads; nothing to
 * close.
 *
 * <p>PNG, JPEG, GIF, BMP, TIFF and WebP are decoded, and AVIF and HEIC with the artifact {@code internvl-video}. The content
 * decides the format, never the file name. Of animations and multi-page files the first frame counts. Pixels are those of the reference (Pillow's {@code
 * Image.open(file).convert("RGB")}) bit for bit: alpha is dropped, never composited; colour profiles are ignored;
 * 16-bit gray is clipped at 255 while 16-bit colour keeps the high byte; the EXIF orientation is applied only if
 * {@link Options} ask for it. AVIF and HEIC are the exception: colours stored at half the resolution may differ by a
 * few levels from those of libavif and libheif.
 *
 * <p>Every factory that decodes throws {@link MediaException} for bytes that are no usable image. The size in the header is
 * checked against {@link Options#maxPixels()} before the pixels are allocated. Nothing is written to disk, except that
 * the first WebP unpacks its native library into the temporary directory.
 */
public final class Image {
    private static final int MOST_TILES = 1024;

    private final Pixels pixels;
    private final OptionalInt maxTiles;
    private volatile @Nullable String contentHash;

    /** Takes over the pixels. */
    Image(Pixels pixels) {
        this(pixels, OptionalInt.empty());
    }

    private Image(Pixels pixels, OptionalInt maxTiles) {
        this.pixels = pixels;
        this.maxTiles = maxTiles;
    }

    /** Decodes a file with the default options. */
    public static Image open(Path file) {
        return open(file, Options.defaults());
    }

    /** Decodes a file. */
    public static Image open(Path file, Options options) {
        try (InputStream stream = Files.newInputStream(file)) {
            return read(file.toString(), stream, options);
        } catch (NoSuchFileException e) {
            throw unreadable(file.toString(), "no such file", e);
        } catch (IOException e) {
            throw unreadable(file.toString(), e.toString(), e);
        }
    }

    /** Decodes the bytes of an image file with the default options. */
    public static Image of(byte[] encoded) {
        return of(encoded, Options.defaults());
    }

    /** Decodes the bytes of an image file. */
    public static Image of(byte[] encoded, Options options) {
        return decode("image bytes", encoded, options);
    }

    /** Reads a stream to its end, without closing it, and decodes the bytes with the default options. */
    public static Image read(InputStream stream) {
        return read(stream, Options.defaults());
    }

    /** Reads a stream to its end, without closing it, and decodes the bytes. */
    public static Image read(InputStream stream, Options options) {
        return read("image stream", stream, options);
    }

    /** Decodes a {@code data:} URL, base64 or percent-encoded, with the default options. */
    public static Image ofDataUrl(String url) {
        return ofDataUrl(url, Options.defaults());
    }

    /** Decodes a {@code data:} URL, base64 or percent-encoded. Its media type is ignored: the content decides. */
    public static Image ofDataUrl(String url, Options options) {
        return decode("data: URL", DataUrl.decode(url), options);
    }

    /**
     * Copies a picture of {@code java.awt}: its colour values as they are stored, whatever profile they belong to.
     * Alpha is dropped (and divided out where it was multiplied in); 16-bit gray is clipped at 255.
     */
    public static Image of(BufferedImage picture) {
        int width = picture.getWidth();
        int height = picture.getHeight();
        if ((long) width * height * 3 > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "picture must have at most " + Integer.MAX_VALUE / 3 + " pixels: " + width + " x " + height);
        }
        return new Image(new Pixels(width, height, RgbPixels.copyOf(picture)));
    }

    /** Copies plain pixels: {@code width * height * 3} bytes, row by row, red, green, blue. */
    public static Image ofRgb(int width, int height, byte[] rgb) {
        return new Image(new Pixels(width, height, rgb.clone()));
    }

    /** Takes over pixels that are decoded already, as decoders hand them over, without a copy. */
    public static Image of(Pixels decoded) {
        return new Image(decoded);
    }

    /**
     * The same picture with a limit of tiles of its own, 1 to 1024 without its thumbnail, which goes before that of a request.
     * The pixels are shared.
     */
    public Image withMaxTiles(int tiles) {
        if (tiles < 1 || tiles > MOST_TILES) {
            throw new IllegalArgumentException("maxTiles must be 1.." + MOST_TILES + ": " + tiles);
        }
        Image limited = new Image(pixels, OptionalInt.of(tiles));
        limited.contentHash = contentHash;
        return limited;
    }

    /** Its own limit of tiles; empty where the request, or at last the checkpoint, says it. */
    public OptionalInt maxTiles() {
        return maxTiles;
    }

    private static Image decode(String name, byte[] bytes, Options options) {
        if (bytes.length > options.maxBytes()) {
            throw tooManyBytes(name, Integer.toString(bytes.length), options);
        }
        return new Image(ImageFormat.decode(file(name, bytes, options)));
    }

    /** Reads a stream to its end, or no further than its first bytes if they begin no image. */
    private static Image read(String name, InputStream stream, Options options) {
        try {
            byte[] head = stream.readNBytes(ImageFormat.MAGIC_BYTES);
            ImageFormat.of(file(name, head, options));
            InputStream whole = new SequenceInputStream(new ByteArrayInputStream(head), stream);
            byte[] bytes = whole.readNBytes((int) options.maxBytes());
            if (bytes.length == options.maxBytes() && whole.read() >= 0) {
                throw tooManyBytes(name, "more", options);
            }
            return decode(name, bytes, options);
        } catch (IOException e) {
            throw unreadable(name, e.toString(), e);
        }
    }

    private static ImageFile file(String name, byte[] bytes, Options options) {
        return new ImageFile(name, bytes, options.maxPixels(), options.applyExifOrientation());
    }

    private static MediaException tooManyBytes(String name, String found, Options options) {
        return new MediaException(
                Reason.TOO_LARGE,
                name + ": an image must have at most " + options.maxBytes() + " bytes: " + found
                        + "; shrink it or raise Image.Options.maxBytes",
                null);
    }

    private static MediaException unreadable(String name, String found, Throwable cause) {
        return new MediaException(Reason.UNREADABLE, name + ": must be readable: " + found + "; check the path", cause);
    }

    /** Width in pixels, at least 1. */
    public int width() {
        return pixels.width();
    }

    /** Height in pixels, at least 1. */
    public int height() {
        return pixels.height();
    }

    /** The pixels, {@code height * width * 3} bytes, row by row, red, green, blue: a new read-only view. */
    public ByteBuffer rgb() {
        return ByteBuffer.wrap(pixels.rgb()).asReadOnlyBuffer();
    }

    /** SHA-256 of size and pixels in hexadecimal; equal pictures have equal hashes. Computed at the first call. */
    public String contentHash() {
        String hash = contentHash;
        if (hash == null) {
            MessageDigest digest = sha256();
            digest.update(
                    ByteBuffer.allocate(8).putInt(width()).putInt(height()).flip());
            hash = HexFormat.of().formatHex(digest.digest(pixels.rgb()));
            contentHash = hash;
        }
        return hash;
    }

    /** Size in words: {@code Image[640 x 480]}. */
    @Override
    public String toString() {
        return "Image[" + width() + " x " + height() + "]";
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /**
     * Options and limits for decoding an image. Immutable; derive a variant with the {@code with} methods.
     *
     * @param applyExifOrientation whether the EXIF orientation is applied; the reference does not apply it, so the default is
     *     {@code false}. A TIFF is always rotated, as the reference's decoder does by itself, and so is a HEIC
     * @param maxPixels largest width times height to decode; a header that announces more is rejected before the pixels are
     *     allocated. 1..715,827,882 (three bytes each in one array), by default 178,956,970, the limit of Pillow
     * @param maxBytes most bytes of the file, 1..2,147,483,639 (one array), by default 536,870,912
     */
    public record Options(boolean applyExifOrientation, long maxPixels, long maxBytes) {
        private static final long MOST_PIXELS = Integer.MAX_VALUE / 3;
        private static final long MOST_BYTES = Integer.MAX_VALUE - 8;
        private static final Options DEFAULTS = new Options(false, 178_956_970, 1 << 29);

        /** Checks the limits. */
        public Options {
            if (maxPixels < 1 || maxPixels > MOST_PIXELS) {
                throw new IllegalArgumentException("maxPixels must be 1.." + MOST_PIXELS + ": " + maxPixels);
            }
            if (maxBytes < 1 || maxBytes > MOST_BYTES) {
                throw new IllegalArgumentException("maxBytes must be 1.." + MOST_BYTES + ": " + maxBytes);
            }
        }

        /** The orientation as stored, at most 178,956,970 pixels and 512 MiB. */
        public static Options defaults() {
            return DEFAULTS;
        }

        /** These options with another orientation rule. */
        public Options withApplyExifOrientation(boolean apply) {
            return new Options(apply, maxPixels, maxBytes);
        }

        /** These options with another pixel limit. */
        public Options withMaxPixels(long limit) {
            return new Options(applyExifOrientation, limit, maxBytes);
        }

        /** These options with another limit of bytes. */
        public Options withMaxBytes(long limit) {
            return new Options(applyExifOrientation, maxPixels, limit);
        }
    }
}
