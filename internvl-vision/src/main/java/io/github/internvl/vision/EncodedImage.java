package io.github.internvl.vision;

import io.github.internvl.vision.ImageException.Reason;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The bytes of an image file, with the name that messages give them and the options to decode them by. */
final class EncodedImage {
    /** Longest side that is decoded: one beyond would make the tables of the resampler larger than the picture. */
    private static final long LONGEST_SIDE = 1 << 20;

    private final String name;
    private final byte[] bytes;
    private final ImageOptions options;

    EncodedImage(String name, byte[] bytes, ImageOptions options) {
        this.name = name;
        this.bytes = bytes;
        this.options = options;
    }

    static EncodedImage open(Path file, ImageOptions options) {
        try (InputStream stream = Files.newInputStream(file)) {
            return read(file.toString(), stream, options);
        } catch (NoSuchFileException e) {
            throw unreadable(file.toString(), "no such file", e);
        } catch (IOException e) {
            throw unreadable(file.toString(), e.toString(), e);
        }
    }

    /** Reads the stream to its end, but no further than its first bytes when those begin no image. */
    static EncodedImage read(String name, InputStream stream, ImageOptions options) {
        try {
            byte[] head = stream.readNBytes(ImageFormat.MAGIC_BYTES);
            ImageFormat.of(new EncodedImage(name, head, options));
            InputStream whole = new SequenceInputStream(new ByteArrayInputStream(head), stream);
            EncodedImage image = new EncodedImage(name, whole.readNBytes((int) options.maxBytes()), options);
            if (image.bytes.length == options.maxBytes() && whole.read() >= 0) {
                throw image.tooManyBytes("more");
            }
            return image;
        } catch (IOException e) {
            throw unreadable(name, e.toString(), e);
        }
    }

    Image decode() {
        if (bytes.length > options.maxBytes()) {
            throw tooManyBytes(Integer.toString(bytes.length));
        }
        ImageFormat format = ImageFormat.of(this);
        if (ModuleLayer.boot().findModule("java.desktop").isEmpty()) {
            throw failure(
                    Reason.UNSUPPORTED_FORMAT,
                    "decoding pictures needs the module java.desktop of the JDK: this Java, "
                            + System.getProperty("java.home") + ", has none; add it to jlink's --add-modules");
        }
        try {
            return format.decode(this);
        } catch (IndexOutOfBoundsException e) {
            throw failure(Reason.TRUNCATED, "the " + format + " header must be whole: it ends early; get it again", e);
        }
    }

    byte[] bytes() {
        return bytes;
    }

    ByteBuffer buffer(ByteOrder order) {
        return ByteBuffer.wrap(bytes).order(order);
    }

    long maxPixels() {
        return options.maxPixels();
    }

    boolean appliesOrientation() {
        return options.applyExifOrientation();
    }

    /** Refuses a size from a header that is empty or beyond the limit of the options. */
    void checkSize(long width, long height) {
        if (width < 1 || height < 1) {
            throw failure(Reason.CORRUPT, "width and height must be positive: " + width + " x " + height);
        }
        if (Math.max(width, height) > LONGEST_SIDE) {
            throw failure(
                    Reason.TOO_LARGE,
                    "the sides of an image must be at most " + LONGEST_SIDE + " pixels: " + width + " x " + height
                            + "; shrink it");
        }
        if (width > options.maxPixels() / height) {
            throw failure(
                    Reason.TOO_LARGE,
                    "an image must have at most " + options.maxPixels() + " pixels: " + width + " x " + height
                            + "; shrink it or raise ImageOptions.maxPixels");
        }
    }

    private ImageException tooManyBytes(String found) {
        return failure(
                Reason.TOO_LARGE,
                "an image must have at most " + options.maxBytes() + " bytes: " + found
                        + "; shrink it or raise ImageOptions.maxBytes");
    }

    ImageException truncated(String rule) {
        return failure(
                Reason.TRUNCATED, rule + ": the data end after " + bytes.length + " bytes; get it again in full");
    }

    ImageException failure(Reason reason, String message) {
        return failure(reason, message, null);
    }

    ImageException failure(Reason reason, String message, @Nullable Throwable cause) {
        return new ImageException(reason, name + ": " + message, cause);
    }

    private static ImageException unreadable(String name, String found, Throwable cause) {
        return new ImageException(Reason.UNREADABLE, name + ": must be readable: " + found + "; check the path", cause);
    }
}
