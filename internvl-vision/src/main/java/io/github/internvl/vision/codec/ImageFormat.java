package io.github.internvl.vision.codec;

import io.github.internvl.vision.spi.ImageDecoder;
import io.github.internvl.vision.spi.ImageFile;
import io.github.internvl.vision.spi.MediaException;
import io.github.internvl.vision.spi.MediaException.Reason;
import io.github.internvl.vision.spi.Pixels;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/** The image formats that are decoded, recognised by the first bytes alone. */
public enum ImageFormat {
    /** PNG. */
    PNG,
    /** JPEG. */
    JPEG,
    /** GIF, also animated. */
    GIF,
    /** Windows bitmap. */
    BMP,
    /** TIFF. */
    TIFF,
    /** WebP, also animated. */
    WEBP,
    /** AVIF and HEIC. */
    HEIF;

    /** Number of first bytes that decide the format. */
    public static final int MAGIC_BYTES = 32;

    private static final Set<String> HEIF_BRANDS =
            Set.of("avif", "avis", "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "mif2", "msf1", "miaf");

    private static final String SUPPORTED = "PNG, JPEG, GIF, BMP, TIFF, WebP, AVIF or HEIC";

    /** Decodes a file by its first bytes. */
    public static Pixels decode(ImageFile image) {
        ImageFormat format = of(image);
        if (ModuleLayer.boot().findModule("java.desktop").isEmpty()) {
            throw image.failure(
                    Reason.UNSUPPORTED_FORMAT,
                    "decoding pictures needs the module java.desktop of the JDK: this Java, "
                            + System.getProperty("java.home") + ", has none; add it to jlink's --add-modules");
        }
        try {
            return switch (format) {
                case PNG -> PngDecoder.decode(image);
                case JPEG -> JpegDecoder.decode(image);
                case GIF -> GifDecoder.decode(image);
                case BMP -> BmpDecoder.decode(image);
                case TIFF -> TiffDecoder.decode(image);
                case WEBP -> WebpDecoder.decode(image);
                case HEIF -> heifDecoder(image).decode(image);
            };
        } catch (IndexOutOfBoundsException e) {
            throw image.failure(
                    Reason.TRUNCATED, "the " + format + " header must be whole: it ends early; get it again", e);
        }
    }

    private static ImageDecoder heifDecoder(ImageFile image) {
        return OptionalDecoder.find(
                ImageDecoder.class,
                "HeifDecoder",
                (found, cause) ->
                        image.failure(Reason.NO_DECODER, "AVIF and HEIC pictures need a decoder: " + found, cause));
    }

    /** The format of the bytes, of which the first {@link #MAGIC_BYTES} suffice. */
    public static ImageFormat of(ImageFile image) {
        byte[] bytes = image.bytes();
        if (bytes.length == 0) {
            throw image.failure(Reason.EMPTY, "an image must be " + SUPPORTED + ": there are no bytes");
        }
        // One character per byte, so that signatures read as the format descriptions write them.
        String head = new String(bytes, 0, Math.min(bytes.length, MAGIC_BYTES), StandardCharsets.ISO_8859_1);
        if (head.startsWith("\u0089PNG\r\n\u001a\n")) {
            return PNG;
        }
        if (head.startsWith("\u00ff\u00d8\u00ff")) {
            return JPEG;
        }
        if (head.startsWith("GIF87a") || head.startsWith("GIF89a")) {
            return GIF;
        }
        if (head.startsWith("BM") && BmpDecoder.hasKnownHeader(bytes)) {
            return BMP;
        }
        if (head.startsWith("II*\0") || head.startsWith("MM\0*")) {
            return TIFF;
        }
        if (head.startsWith("RIFF") && head.startsWith("WEBP", 8)) {
            return WEBP;
        }
        if (head.startsWith("ftyp", 4) && HEIF_BRANDS.contains(head.substring(8, Math.min(head.length(), 12)))) {
            return HEIF;
        }
        throw unknown(image, head);
    }

    private static MediaException unknown(ImageFile image, String head) {
        String known = null;
        if (head.startsWith("ftyp", 4)) {
            known = "a video, or HEIF of an unknown kind (" + printable(head.substring(8)) + ")";
        } else if (head.startsWith("\0\0\0\fjP  ")) {
            known = "JPEG 2000";
        } else if (head.startsWith("\0\0\0\fJXL ") || head.startsWith("\u00ff\n")) {
            known = "JPEG XL";
        } else if (head.startsWith("II+\0") || head.startsWith("MM\0+")) {
            known = "BigTIFF";
        }
        if (known != null) {
            return image.failure(
                    Reason.UNSUPPORTED_FORMAT, "an image must be " + SUPPORTED + ": " + known + "; convert it");
        }
        return image.failure(
                Reason.NOT_AN_IMAGE, "an image must be " + SUPPORTED + ": it begins \"" + printable(head) + "\"");
    }

    private static String printable(String head) {
        return head.substring(0, Math.min(head.length(), 16)).replaceAll("[^ -~]", ".");
    }
}
