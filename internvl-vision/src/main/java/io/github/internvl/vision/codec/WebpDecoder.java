package io.github.internvl.vision.codec;

import io.github.internvl.vision.spi.ImageFile;
import io.github.internvl.vision.spi.MediaException.Reason;
import io.github.internvl.vision.spi.Pixels;
import java.awt.image.BufferedImage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * WebP through libwebp. An animation, which that binding refuses, is taken apart: a frame's own chunks are wrapped as a
 * still file. Of an animation as a picture, the first frame's pixels are put on a black canvas.
 */
final class WebpDecoder {
    private static final int FIRST_CHUNK = 12;
    private static final int CHUNK_HEAD_BYTES = 8;
    private static final int FRAME_HEAD_BYTES = 16;
    private static final int ALPHA_FLAG = 0x10;
    private static final String UNPACKED_TO = "com.luciad.imageio.webp.tmpdir";

    private final ImageFile image;
    private final ByteBuffer file;
    private int width;
    private int height;
    private final List<Frame> frames = new ArrayList<>();
    private @Nullable ByteBuffer exif;

    /**
     * A frame of an animation.
     *
     * @param blended whether it lies over what is there, instead of replacing it
     * @param wiped whether its rectangle is emptied when it is over
     * @param chunks where its pixels begin
     * @param end where they end
     */
    record Frame(
            int left,
            int top,
            int width,
            int height,
            int millis,
            boolean blended,
            boolean wiped,
            int chunks,
            int end) {}

    /** Reads the chunks' heads. */
    WebpDecoder(ImageFile image) {
        this.image = image;
        this.file = image.buffer(ByteOrder.LITTLE_ENDIAN);
        long announced = Integer.toUnsignedLong(file.getInt(4)) + 8;
        if (announced > file.limit()) {
            throw image.truncated("a WebP file must have the " + announced + " bytes it announces");
        }
        readChunks((int) announced);
        image.checkSize(width, height);
    }

    static Pixels decode(ImageFile image) {
        return new WebpDecoder(image).decode();
    }

    int width() {
        return width;
    }

    int height() {
        return height;
    }

    /** The frames, if it is an animation. */
    List<Frame> frames() {
        return frames;
    }

    /** The pixels of a frame, or of the picture that is no animation, with their alpha. */
    int[] argb(@Nullable Frame frame) {
        BufferedImage pixels =
                frame == null ? read(image.bytes(), width, height) : read(still(frame), frame.width(), frame.height());
        return pixels.getRGB(0, 0, pixels.getWidth(), pixels.getHeight(), null, 0, pixels.getWidth());
    }

    private Pixels decode() {
        Pixels picture = frames.isEmpty()
                ? new Pixels(width, height, RgbPixels.take(read(image.bytes(), width, height)))
                : firstFrame(frames.get(0));
        return image.appliesOrientation() ? picture.upright(Orientation.ofExif(exif)) : picture;
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
                case "ANMF" -> frames.add(frame(data, next));
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

    private Frame frame(int head, int end) {
        Frame frame = new Frame(
                2 * int24(head),
                2 * int24(head + 3),
                int24(head + 6) + 1,
                int24(head + 9) + 1,
                int24(head + 12),
                (file.get(head + 15) & 2) == 0,
                (file.get(head + 15) & 1) != 0,
                head + FRAME_HEAD_BYTES,
                end);
        if (frame.left() + frame.width() > width || frame.top() + frame.height() > height) {
            throw image.failure(
                    Reason.CORRUPT,
                    "a WebP frame must lie on its canvas of " + width + " x " + height + ": " + frame.width() + " x "
                            + frame.height() + " at " + frame.left() + ", " + frame.top());
        }
        return frame;
    }

    private Pixels firstFrame(Frame frame) {
        byte[] pixels = RgbPixels.take(read(still(frame), frame.width(), frame.height()));
        byte[] rgb = new byte[width * height * 3];
        int row = frame.width() * 3;
        for (int y = 0; y < frame.height(); y++) {
            System.arraycopy(pixels, y * row, rgb, ((frame.top() + y) * width + frame.left()) * 3, row);
        }
        return new Pixels(width, height, rgb);
    }

    /** A frame's chunks as a file of their own. */
    private byte[] still(Frame frame) {
        int length = frame.end() - frame.chunks();
        ByteBuffer still = ByteBuffer.allocate(FIRST_CHUNK + 18 + length).order(ByteOrder.LITTLE_ENDIAN);
        still.put(tag("RIFF")).putInt(still.capacity() - 8).put(tag("WEBP"));
        still.put(tag("VP8X")).putInt(10).putInt("ALPH".equals(type(frame.chunks())) ? ALPHA_FLAG : 0);
        putInt24(still, frame.width() - 1);
        putInt24(still, frame.height() - 1);
        return still.put(file.slice(frame.chunks(), length)).array();
    }

    private BufferedImage read(byte[] data, int announcedWidth, int announcedHeight) {
        try {
            return ImageIoReader.ofWebp(image).read(data, announcedWidth, announcedHeight);
        } catch (LinkageError e) {
            throw image.failure(
                    Reason.UNSUPPORTED_FORMAT,
                    "WebP needs a native library, which the first picture unpacks: none could be loaded on "
                            + System.getProperty("os.name") + " " + System.getProperty("os.arch") + " from "
                            + System.getProperty(UNPACKED_TO, System.getProperty("java.io.tmpdir")) + " (" + e
                            + "); name a folder that can be written and executed from with -D" + UNPACKED_TO
                            + "=FOLDER, or convert it to PNG",
                    e);
        } catch (OutOfMemoryError e) {
            if (e.getMessage() != null) {
                throw e; // the JVM's own names what has run out
            }
            throw image.failure(
                    Reason.CORRUPT,
                    "the WebP data must be decodable: libwebp reports no memory, so the picture is damaged, or memory is"
                            + " short; get it again, or free memory",
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
