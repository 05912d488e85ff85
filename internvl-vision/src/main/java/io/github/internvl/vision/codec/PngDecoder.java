package io.github.internvl.vision.codec;

import io.github.internvl.vision.spi.ImageFile;
import io.github.internvl.vision.spi.MediaException.Reason;
import io.github.internvl.vision.spi.Pixels;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * PNG through the JDK's reader, which is given the chunks that make the picture and no others: what transparency,
 * profiles and texts say does not matter here, nor may their mistakes. Checksums are verified up to the first data
 * chunk, as Pillow does; the data carry their own.
 */
final class PngDecoder {
    private static final int SIGNATURE_BYTES = 8;
    private static final int CHUNK_FRAME_BYTES = 12;
    /** Deflate cannot make more than this many bytes of one. */
    private static final long MOST_EXPANSION = 1032;

    private final ImageFile image;
    private final ByteBuffer plain;
    private long dataBytes;
    private @Nullable ByteBuffer exif;

    private PngDecoder(ImageFile image) {
        this.image = image;
        this.plain = ByteBuffer.allocate(image.bytes().length + CHUNK_FRAME_BYTES);
    }

    static Pixels decode(ImageFile image) {
        return new PngDecoder(image).decode();
    }

    private Pixels decode() {
        ByteBuffer file = image.buffer(ByteOrder.BIG_ENDIAN);
        if (!"IHDR".equals(type(file, SIGNATURE_BYTES))) {
            throw image.failure(Reason.CORRUPT, "a PNG must begin with IHDR: " + type(file, SIGNATURE_BYTES));
        }
        int width = file.getInt(SIGNATURE_BYTES + 8);
        int height = file.getInt(SIGNATURE_BYTES + 12);
        int bitsPerPixel = file.get(SIGNATURE_BYTES + 16) * samples(file.get(SIGNATURE_BYTES + 17));
        image.checkSize(Integer.toUnsignedLong(width), Integer.toUnsignedLong(height));
        keepPictureChunks(file);
        if (dataBytes * MOST_EXPANSION < (width * (long) bitsPerPixel + 7) / 8 * height) {
            throw image.truncated("the PNG data must fill " + width + " x " + height + " pixels");
        }
        byte[] chunks = Arrays.copyOf(plain.array(), plain.position());
        byte[] rgb = RgbPixels.take(ImageIoReader.ofJdk(image, "PNG").read(chunks, width, height));
        Pixels picture = new Pixels(width, height, rgb);
        return image.appliesOrientation() ? picture.upright(Orientation.ofExif(exif)) : picture;
    }

    private void keepPictureChunks(ByteBuffer file) {
        plain.put(file.slice(0, SIGNATURE_BYTES));
        int at = SIGNATURE_BYTES;
        while (at + CHUNK_FRAME_BYTES <= file.limit() && !"IEND".equals(type(file, at))) {
            String type = type(file, at);
            boolean data = "IDAT".equals(type);
            int available = file.limit() - at - CHUNK_FRAME_BYTES;
            int length = file.getInt(at);
            if ((length < 0 || length > available) && !data) {
                break;
            }
            if (data) {
                // The last pixels may be there although the chunk is cut: let the decoder see.
                length = length < 0 ? available : Math.min(length, available);
                plain.putInt(length).put(file.slice(at + 4, length + 8));
                dataBytes += length;
            } else if (dataBytes == 0) {
                checkSum(file, at, length);
            }
            switch (type) {
                case "IHDR", "PLTE" -> plain.put(file.slice(at, length + CHUNK_FRAME_BYTES));
                case "eXIf" -> exif = file.slice(at + 8, length);
                default -> {}
            }
            at += length + CHUNK_FRAME_BYTES;
        }
        plain.putInt(0).put("IEND".getBytes(StandardCharsets.ISO_8859_1)).putInt(0xae426082);
    }

    private void checkSum(ByteBuffer file, int at, int length) {
        CRC32 sum = new CRC32();
        sum.update(file.slice(at + 4, length + 4));
        if ((int) sum.getValue() != file.getInt(at + 8 + length)) {
            throw image.failure(
                    Reason.CORRUPT,
                    "a PNG chunk must match its checksum: " + type(file, at) + " at byte " + at + "; get it again");
        }
    }

    private static int samples(int colourType) {
        return switch (colourType) {
            case 2 -> 3;
            case 4 -> 2;
            case 6 -> 4;
            default -> 1;
        };
    }

    private static String type(ByteBuffer file, int at) {
        byte[] name = new byte[4];
        file.get(at + 4, name);
        return new String(name, StandardCharsets.ISO_8859_1);
    }
}
