package io.github.internvl.vision.codec;

import com.luciad.imageio.webp.WebPImageReaderSpi;
import io.github.internvl.vision.spi.ImageFile;
import io.github.internvl.vision.spi.MediaException;
import io.github.internvl.vision.spi.MediaException.Reason;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.EOFException;
import java.io.IOException;
import java.util.Iterator;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.spi.IIORegistry;
import javax.imageio.spi.ImageReaderSpi;
import javax.imageio.stream.ImageInputStreamImpl;
import org.jspecify.annotations.Nullable;

/**
 * An ImageIO reader of the JDK or of libwebp. The JDK's are taken by class, so that no plugin on the class path can
 * stand in for them; all read from memory, so that the disk cache is never used, and none looks at metadata, whose
 * mistakes are not the picture's.
 */
final class ImageIoReader {
    private interface Call<T> {
        T read(ImageReader reader) throws IOException;
    }

    /** The JPEG reader's only warning when the data end before the picture does. */
    private static final String MISSING_END = "Missing EOI";

    private final ImageFile image;
    private final String format;
    private final ImageReaderSpi provider;

    private ImageIoReader(ImageFile image, String format, ImageReaderSpi provider) {
        this.image = image;
        this.format = format;
        this.provider = provider;
    }

    /** The JDK's reader of a format, written as in the names of its packages and classes. */
    static ImageIoReader ofJdk(ImageFile image, String format) {
        String wanted = "com.sun.imageio.plugins." + format.toLowerCase(Locale.ROOT) + "." + format + "ImageReaderSpi";
        Iterator<ImageReaderSpi> all =
                IIORegistry.getDefaultInstance().getServiceProviders(ImageReaderSpi.class, false);
        while (all.hasNext()) {
            ImageReaderSpi provider = all.next();
            if (provider.getClass().getName().equals(wanted)) {
                return new ImageIoReader(image, format, provider);
            }
        }
        throw image.failure(
                Reason.UNSUPPORTED_FORMAT,
                "decoding " + format + " needs the JDK's own reader: " + wanted + " is not registered with ImageIO");
    }

    /** The reader of libwebp. */
    static ImageIoReader ofWebp(ImageFile image) {
        return new ImageIoReader(image, "WebP", new WebPImageReaderSpi());
    }

    /** Decodes the first picture of {@code data}, which must have the size the header announces. */
    BufferedImage read(byte[] data, int width, int height) {
        BufferedImage picture = call(data, reader -> reader.read(0));
        checkSize(picture.getWidth(), picture.getHeight(), width, height);
        return picture;
    }

    /** Decodes the first picture of {@code data} into a picture of the size the header announces. */
    BufferedImage readInto(BufferedImage target, byte[] data) {
        return call(data, reader -> {
            checkSize(reader.getWidth(0), reader.getHeight(0), target.getWidth(), target.getHeight());
            ImageReadParam into = reader.getDefaultReadParam();
            into.setDestination(target);
            return reader.read(0, into);
        });
    }

    /** Decodes the first picture of {@code data} without any colour conversion. */
    Raster readRaster(byte[] data, int width, int height) {
        Raster raster = call(data, reader -> reader.readRaster(0, null));
        checkSize(raster.getWidth(), raster.getHeight(), width, height);
        return raster;
    }

    private void checkSize(int foundWidth, int foundHeight, int width, int height) {
        if (foundWidth != width || foundHeight != height) {
            throw image.failure(
                    Reason.CORRUPT,
                    "the " + format + " data must have the size of the header, " + width + " x " + height + ": "
                            + foundWidth + " x " + foundHeight + "; get it again");
        }
    }

    private <T> T call(byte[] data, Call<T> call) {
        AtomicBoolean endMissing = new AtomicBoolean();
        Memory memory = new Memory(data);
        T result;
        try {
            ImageReader reader = provider.createReaderInstance();
            try {
                reader.addIIOReadWarningListener((source, warning) -> {
                    if (warning.contains(MISSING_END)) {
                        endMissing.set(true);
                    }
                });
                reader.setInput(memory, false, true);
                result = call.read(reader);
            } finally {
                reader.dispose();
            }
        } catch (MediaException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            if (memory.ranOut || endsEarly(e)) {
                throw image.truncated("the " + format + " data must be whole");
            }
            throw image.failure(
                    Reason.CORRUPT,
                    "the " + format + " data must be decodable: " + e.getMessage() + "; get it again",
                    e);
        }
        if (endMissing.get()) {
            throw image.truncated("the " + format + " data must be whole");
        }
        return result;
    }

    /** Whether a failure is one of data that end early: inflaters and libwebp say so. */
    private static boolean endsEarly(@Nullable Throwable failure) {
        for (Throwable t = failure; t != null; t = t.getCause()) {
            if (t instanceof EOFException || String.valueOf(t.getMessage()).contains("NotEnoughData")) {
                return true;
            }
        }
        return false;
    }

    /** A stream over bytes in memory that remembers whether anyone read past their end. */
    private static final class Memory extends ImageInputStreamImpl {
        private final byte[] data;
        private boolean ranOut;

        Memory(byte[] data) {
            this.data = data;
        }

        @Override
        public int read() {
            bitOffset = 0;
            if (streamPos >= data.length) {
                ranOut = true;
                return -1;
            }
            return data[(int) streamPos++] & 0xff;
        }

        @Override
        public int read(byte[] target, int offset, int length) {
            bitOffset = 0;
            if (length == 0) {
                return 0;
            }
            if (streamPos >= data.length) {
                ranOut = true;
                return -1;
            }
            int count = (int) Math.min(length, data.length - streamPos);
            System.arraycopy(data, (int) streamPos, target, offset, count);
            streamPos += count;
            return count;
        }

        @Override
        public long length() {
            return data.length;
        }
    }
}
