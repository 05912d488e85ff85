package io.github.internvl.vision;

import java.awt.image.BufferedImage;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * A decoded picture: immutable 8-bit RGB pixels, row by row from the top. Safe for use by several threads; nothing to
 * close.
 *
 * <p>PNG, JPEG, GIF, BMP, TIFF and WebP are decoded, and AVIF and HEIC with the artifact {@code internvl-video}; the content
 * decides the format, never the file name. Of
 * animations and multi-page files the first frame counts. Pixels are those of the reference (Pillow's {@code
 * Image.open(file).convert("RGB")}) bit for bit: alpha is dropped, never composited; colour profiles are ignored;
 * 16-bit gray is clipped at 255 while 16-bit colour keeps the high byte; the EXIF orientation is applied only if
 * {@link ImageOptions} ask for it. AVIF and HEIC are the exception: colours stored at half the resolution may differ by a few
 * levels from what libavif and libheif make of them.
 *
 * <p>Every factory that decodes throws {@link ImageException} for bytes that are no usable image. The size in the
 * header is checked against {@link ImageOptions#maxPixels()} before memory is taken for the pixels. Nothing is
 * written to disk, except that the first WebP unpacks its native library into the temporary directory.
 */
public final class Image {
    private final int width;
    private final int height;
    private final byte[] rgb;
    private volatile @Nullable String contentHash;

    /** Takes over {@code rgb}, width * height * 3 bytes. */
    Image(int width, int height, byte[] rgb) {
        this.width = width;
        this.height = height;
        this.rgb = rgb;
    }

    /** Decodes a file with the default options. */
    public static Image open(Path file) {
        return open(file, ImageOptions.defaults());
    }

    /** Decodes a file. */
    public static Image open(Path file, ImageOptions options) {
        return EncodedImage.open(file, options).decode();
    }

    /** Decodes the bytes of an image file with the default options. */
    public static Image of(byte[] encoded) {
        return of(encoded, ImageOptions.defaults());
    }

    /** Decodes the bytes of an image file. */
    public static Image of(byte[] encoded, ImageOptions options) {
        return new EncodedImage("image bytes", encoded, options).decode();
    }

    /** Reads a stream to its end, without closing it, and decodes what it held with the default options. */
    public static Image read(InputStream stream) {
        return read(stream, ImageOptions.defaults());
    }

    /** Reads a stream to its end, without closing it, and decodes what it held. */
    public static Image read(InputStream stream, ImageOptions options) {
        return EncodedImage.read("image stream", stream, options).decode();
    }

    /** Decodes a {@code data:} URL, base64 or percent-encoded, with the default options. */
    public static Image ofDataUrl(String url) {
        return ofDataUrl(url, ImageOptions.defaults());
    }

    /** Decodes a {@code data:} URL, base64 or percent-encoded. Its media type is ignored: the content decides. */
    public static Image ofDataUrl(String url, ImageOptions options) {
        return new EncodedImage("data: URL", DataUrl.decode(url), options).decode();
    }

    /** Fetches a file from the web under the rules given, and decodes it with the default options. */
    public static Image fetch(URI address, RemoteMedia rules) {
        return fetch(address, rules, ImageOptions.defaults());
    }

    /**
     * Fetches a file from the web under the rules given, and decodes it.
     *
     * @throws RemoteMediaException if it cannot be fetched
     */
    public static Image fetch(URI address, RemoteMedia rules, ImageOptions options) {
        byte[] encoded = rules.fetch(address);
        return new EncodedImage(WebAddress.of(address).toString(), encoded, options).decode();
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
        return new Image(width, height, RgbPixels.copyOf(picture));
    }

    /** Copies plain pixels: {@code width * height * 3} bytes, row by row, red, green, blue. */
    public static Image ofRgb(int width, int height, byte[] rgb) {
        if (width < 1 || height < 1) {
            throw new IllegalArgumentException("width and height must be positive: " + width + " x " + height);
        }
        if ((long) width * height * 3 != rgb.length) {
            throw new IllegalArgumentException("rgb must hold " + width + " x " + height + " x 3 = "
                    + (long) width * height * 3 + " bytes: " + rgb.length);
        }
        return new Image(width, height, rgb.clone());
    }

    /** Width in pixels, at least 1. */
    public int width() {
        return width;
    }

    /** Height in pixels, at least 1. */
    public int height() {
        return height;
    }

    /** The pixels, {@code height * width * 3} bytes, row by row, red, green, blue: a new read-only view. */
    public ByteBuffer rgb() {
        return ByteBuffer.wrap(rgb).asReadOnlyBuffer();
    }

    /** SHA-256 of size and pixels in hexadecimal; equal pictures have equal hashes. Computed at the first call. */
    public String contentHash() {
        String hash = contentHash;
        if (hash == null) {
            MessageDigest digest = sha256();
            digest.update(ByteBuffer.allocate(8).putInt(width).putInt(height).flip());
            hash = HexFormat.of().formatHex(digest.digest(rgb));
            contentHash = hash;
        }
        return hash;
    }

    /** The pixels themselves, not to be changed. */
    byte[] pixels() {
        return rgb;
    }

    /** Size in words: {@code Image[640 x 480]}. */
    @Override
    public String toString() {
        return "Image[" + width + " x " + height + "]";
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
