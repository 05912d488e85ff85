package io.github.internvl.vision.codec;

import io.github.internvl.vision.spi.ImageFile;
import io.github.internvl.vision.spi.MediaException;
import io.github.internvl.vision.spi.MediaException.Reason;
import io.github.internvl.vision.spi.Pixels;
import java.awt.image.Raster;

/**
 * JPEG through the JDK's reader (libjpeg), which is given a stream without application segments: it would convert
 * colours by an embedded profile and guess others than libjpeg when segments are missing. One Adobe segment in front
 * states the colour transform that libjpeg concludes.
 *
 * <p>Raw samples are taken, and converted here, for CMYK (the JDK would manage the colours) and where chroma has half
 * as many rows at full width (4:4:0): the libjpeg 6b bundled with most JDKs repeats such rows, newer ones
 * interpolate.
 */
final class JpegDecoder {
    private static final int BITS = 16;

    private final ImageFile image;
    private final JpegHeader header;

    private JpegDecoder(ImageFile image) {
        this.image = image;
        this.header = JpegHeader.read(image);
    }

    static Pixels decode(ImageFile image) {
        return new JpegDecoder(image).decode();
    }

    private Pixels decode() {
        image.checkSize(header.width(), header.height());
        if (!header.endsProperly()) {
            throw image.truncated("the JPEG data must have an end marker");
        }
        byte[] rgb;
        try {
            rgb = header.components() == 4 || header.hasHalfRows() ? fromSamples() : fromColours();
        } catch (MediaException e) {
            throw header.isArithmetic() && e.reason() == Reason.CORRUPT ? arithmetic(e) : e;
        }
        Pixels picture = new Pixels(header.width(), header.height(), rgb);
        return image.appliesOrientation() ? picture.upright(Orientation.ofExif(header.exif())) : picture;
    }

    private byte[] fromColours() {
        ImageIoReader reader = ImageIoReader.ofJdk(image, "JPEG");
        int width = header.width();
        int height = header.height();
        return RgbPixels.take(
                header.components() == 3
                        ? reader.readInto(RgbPixels.picture(width, height), header.plainStream())
                        : reader.read(header.plainStream(), width, height));
    }

    private byte[] fromSamples() {
        int width = header.width();
        int height = header.height();
        Raster raster = ImageIoReader.ofJdk(image, "JPEG").readRaster(header.plainStream(), width, height);
        byte[] samples = (byte[]) raster.getDataElements(0, 0, width, height, null);
        int bands = header.components();
        for (int band = 0; band < bands; band++) {
            if (header.hasHalfRows(band)) {
                interpolateRows(samples, width * bands, bands, band);
            }
        }
        if (header.isYcc()) {
            convertYcc(samples, bands);
        }
        if (bands == 3) {
            return samples;
        }
        // The values that the file calls inks are light; after the YCC transform they are the colour itself.
        for (int i = 0; i < samples.length; i++) {
            boolean ink = i % 4 == 3 || !header.isYcc();
            samples[i] = (byte) (ink ? ~samples[i] : samples[i]);
        }
        return RgbPixels.ofCmyk(samples);
    }

    /**
     * Turns repeated rows of one band into interpolated ones: three quarters of the own row and one of the nearer
     * neighbour. Rows that are not equal in pairs have been interpolated already. If all pairs are equal in spite of
     * that, then neighbouring rows differ so little (-2..1) that interpolating them again changes nothing.
     */
    private static void interpolateRows(byte[] samples, int stride, int bands, int band) {
        int height = samples.length / stride;
        for (int y = 0; y + 1 < height; y += 2) {
            for (int i = y * stride + band; i < (y + 1) * stride; i += bands) {
                if (samples[i] != samples[i + stride]) {
                    return;
                }
            }
        }
        for (int x = band; x < stride; x += bands) {
            int above = samples[x] & 0xff;
            for (int y = 0; y < height; y += 2) {
                int i = y * stride + x;
                int own = samples[i] & 0xff;
                samples[i] = (byte) ((3 * own + above + 1) >> 2);
                if (y + 1 < height) {
                    int below = y + 2 < height ? samples[i + 2 * stride] & 0xff : own;
                    samples[i + stride] = (byte) ((3 * own + below + 2) >> 2);
                }
                above = own;
            }
        }
    }

    /** YCbCr to RGB in the first three of {@code bands}, in libjpeg's fixed point. */
    private static void convertYcc(byte[] samples, int bands) {
        int half = 1 << (BITS - 1);
        for (int i = 0; i < samples.length; i += bands) {
            int y = samples[i] & 0xff;
            int cb = (samples[i + 1] & 0xff) - 128;
            int cr = (samples[i + 2] & 0xff) - 128;
            samples[i] = clamp(y + ((91881 * cr + half) >> BITS));
            samples[i + 1] = clamp(y + ((-22554 * cb - 46802 * cr + half) >> BITS));
            samples[i + 2] = clamp(y + ((116130 * cb + half) >> BITS));
        }
    }

    private static byte clamp(int value) {
        return (byte) Math.max(0, Math.min(255, value));
    }

    private MediaException arithmetic(MediaException cause) {
        return image.failure(
                Reason.UNSUPPORTED_FORMAT,
                "arithmetic-coded JPEG needs a JDK built with libjpeg-turbo: this one is "
                        + System.getProperty("java.vendor") + " " + System.getProperty("java.version")
                        + "; convert it to an ordinary JPEG",
                cause);
    }
}
