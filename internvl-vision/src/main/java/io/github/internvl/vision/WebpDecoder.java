package io.github.internvl.vision;

import io.github.internvl.vision.ImageException.Reason;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * WebP through libwebp. An animation, which that binding refuses, is reduced to its first frame: the frame's own
 * chunks are wrapped as a still file, and its pixels are put on a black canvas where the animation places them.
 */
final class WebpDecoder {
    private static final int FIRST_CHUNK = 12;
    private static final int CHUNK_HEAD_BYTES = 8;
    private static final int FRAME_HEAD_BYTES = 16;
    private static final int ALPHA_FLAG = 0x10;

    private final EncodedImage image;
    private final ByteBuffer file;
    private int width;
    private int height;
    private int frame = -1;
    private int frameEnd;
    private @Nullable ByteBuffer exif;

    private WebpDecoder(EncodedImage image) {
        this.image = image;
        this.file = image.buffer(ByteOrder.LITTLE_ENDIAN);
    }

    static Image decode(EncodedImage image) {
        return new WebpDecoder(image).decode();
    }

    private Image decode() {
        long announced = Integer.toUnsignedLong(file.getInt(4)) + 8;
        if (announced > file.limit()) {
            throw image.truncated("a WebP file must have the " + announced + " bytes it announces");
        }
        readChunks((int) announced);
        image.checkSize(width, height);
        Image picture = frame < 0 ? new Image(width, height, read(image.bytes(), width, height)) : firstFrame();
        return image.appliesOrientation() ? Orientation.upright(picture, Orientation.ofExif(exif)) : picture;
    }

    private void readChunks(int end) {
        int next;
        for (int at = FIRST_CHUNK; at + CHUNK_HEAD_BYTES <= end; at = next) {
            int data = at + CHUNK_HEAD_BYTES;
            next = nextChunk(at, end);
            switch (type(at)) {
                case "VP8X" -> setSize(int24(data + 4) + 1, int24(data + 7) + 1);
                case "VP8 " -> setSize(file.getShort(data + 6) & 0x3fff, file.getShort(data + 8) & 0x3fff);
                case "VP8L" ->
                    setSize((file.getInt(data + 1) & 0x3fff) + 1, ((file.getInt(data + 1) >> 14) & 0x3fff) + 1);
                case "ANMF" -> {
                    frameEnd = frame < 0 ? next : frameEnd;
                    frame = frame < 0 ? data : frame;
                }
                case "EXIF" -> exif = file.slice(data, file.getInt(at + 4));
                default -> {}
            }
        }
    }

    private int nextChunk(int at, int end) {
        long next = at + CHUNK_HEAD_BYTES + (Integer.toUnsignedLong(file.getInt(at + 4)) + 1) / 2 * 2;
        if (next > end + 1L) {
            throw image.failure(
                    Reason.CORRUPT, "a WebP chunk must lie inside the file: " + type(at) + " at byte " + at);
        }
        return (int) next;
    }

    private void setSize(int announcedWidth, int announcedHeight) {
        if (width == 0) {
            width = announcedWidth;
            height = announcedHeight;
        }
    }

    private Image firstFrame() {
        int left = 2 * int24(frame);
        int top = 2 * int24(frame + 3);
        int frameWidth = int24(frame + 6) + 1;
        int frameHeight = int24(frame + 9) + 1;
        if (left + frameWidth > width || top + frameHeight > height) {
            throw image.failure(
                    Reason.CORRUPT,
                    "a WebP frame must lie on its canvas of " + width + " x " + height + ": " + frameWidth + " x "
                            + frameHeight + " at " + left + ", " + top);
        }
        byte[] pixels = read(still(frameWidth, frameHeight), frameWidth, frameHeight);
        byte[] rgb = new byte[width * height * 3];
        for (int y = 0; y < frameHeight; y++) {
            System.arraycopy(pixels, y * frameWidth * 3, rgb, ((top + y) * width + left) * 3, frameWidth * 3);
        }
        return new Image(width, height, rgb);
    }

    /** The first frame's chunks as a file of their own. */
    private byte[] still(int frameWidth, int frameHeight) {
        int chunks = frame + FRAME_HEAD_BYTES;
        ByteBuffer still =
                ByteBuffer.allocate(FIRST_CHUNK + 18 + frameEnd - chunks).order(ByteOrder.LITTLE_ENDIAN);
        still.put(tag("RIFF")).putInt(still.capacity() - 8).put(tag("WEBP"));
        still.put(tag("VP8X")).putInt(10).putInt("ALPH".equals(type(chunks)) ? ALPHA_FLAG : 0);
        putInt24(still, frameWidth - 1);
        putInt24(still, frameHeight - 1);
        return still.put(file.slice(chunks, frameEnd - chunks)).array();
    }

    private byte[] read(byte[] data, int announcedWidth, int announcedHeight) {
        try {
            return RgbPixels.take(ImageIoReader.ofWebp(image).read(data, announcedWidth, announcedHeight));
        } catch (LinkageError e) {
            throw image.failure(
                    Reason.UNSUPPORTED_FORMAT,
                    "WebP needs a native library: it could not be loaded on " + System.getProperty("os.name") + " "
                            + System.getProperty("os.arch") + " (" + e + "); convert it to PNG",
                    e);
        }
    }

    private String type(int at) {
        byte[] name = new byte[4];
        file.get(at, name);
        return new String(name, StandardCharsets.ISO_8859_1);
    }

    private int int24(int at) {
        return (file.getShort(at) & 0xffff) | ((file.get(at + 2) & 0xff) << 16);
    }

    private static byte[] tag(String name) {
        return name.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static void putInt24(ByteBuffer target, int value) {
        target.putShort((short) value).put((byte) (value >> 16));
    }
}
