package io.github.internvl.vision.codec;

import io.github.internvl.vision.spi.ImageFile;
import io.github.internvl.vision.spi.MediaException.Reason;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The segments of a JPEG up to its first scan: size, sampling, colour transform, and the stream without extras. */
final class JpegHeader {
    private static final int END = 0xd9;
    private static final int SCAN = 0xda;
    private static final int APP0 = 0xe0;
    private static final int APP1 = 0xe1;
    private static final int APP14 = 0xee;
    private static final int COMMENT = 0xfe;
    private static final int NO_TRANSFORM = -1;

    /** Encoders make about ten. Each costs a pass over all of the picture, and may itself be a few bytes. */
    private static final int MOST_SCANS = 50;

    private static final long SCANS_AT_FULL_SIZE = 20;

    private final ImageFile image;
    private final ByteBuffer file;
    private final ByteArrayOutputStream tables = new ByteArrayOutputStream();
    private int scan;
    private int frame;
    private int frameMarker;
    private boolean jfif;
    private int adobeTransform = NO_TRANSFORM;
    private @Nullable ByteBuffer exif;

    private JpegHeader(ImageFile image) {
        this.image = image;
        this.file = image.buffer(ByteOrder.BIG_ENDIAN);
    }

    /** Reads the segments; throws where they end early or announce a picture that is not decoded here. */
    static JpegHeader read(ImageFile image) {
        JpegHeader header = new JpegHeader(image);
        header.readSegments();
        header.checkFrame();
        header.checkScans();
        return header;
    }

    int width() {
        return file.getShort(frame + 3) & 0xffff;
    }

    int height() {
        return file.getShort(frame + 1) & 0xffff;
    }

    /** Samples per pixel: 1, 3 or 4. */
    int components() {
        return file.get(frame + 5);
    }

    boolean isArithmetic() {
        return frameMarker >= 0xc9;
    }

    /** The EXIF block, or null. */
    @Nullable
    ByteBuffer exif() {
        return exif;
    }

    /** Whether the first three components are YCbCr: what libjpeg concludes from segments and component names. */
    boolean isYcc() {
        if (components() == 4) {
            return adobeTransform > 0;
        }
        if (jfif || adobeTransform != NO_TRANSFORM) {
            return jfif || adobeTransform != 0;
        }
        return file.get(frame + 6) != 'R' || file.get(frame + 9) != 'G' || file.get(frame + 12) != 'B';
    }

    /** Whether any component has half as many rows as the picture, at full width. */
    boolean hasHalfRows() {
        for (int c = 0; c < components(); c++) {
            if (hasHalfRows(c)) {
                return true;
            }
        }
        return false;
    }

    boolean hasHalfRows(int component) {
        int across = 0;
        int down = 0;
        for (int c = 0; c < components(); c++) {
            across = Math.max(across, sampling(c) >> 4);
            down = Math.max(down, sampling(c) & 15);
        }
        return sampling(component) >> 4 == across && (sampling(component) & 15) * 2 == down;
    }

    /** Whether an end marker follows the first scan. Compressed data cannot contain one. */
    boolean endsProperly() {
        for (int i = file.limit() - 2; i > scan; i--) {
            if (file.get(i) == (byte) 0xff && file.get(i + 1) == (byte) END) {
                return true;
            }
        }
        return false;
    }

    /** The stream with at most one application segment: the Adobe segment that states the colour transform. */
    byte[] plainStream() {
        byte[] adobe = components() == 1 ? new byte[0] : adobeSegment();
        ByteBuffer stream = ByteBuffer.allocate(2 + adobe.length + tables.size() + file.limit() - scan);
        stream.putShort((short) 0xffd8).put(adobe).put(tables.toByteArray());
        return stream.put(file.slice(scan, file.limit() - scan)).array();
    }

    private byte[] adobeSegment() {
        int transform = isYcc() ? components() - 2 : 0;
        ByteBuffer segment = ByteBuffer.allocate(16);
        segment.putShort((short) (0xff00 | APP14)).putShort((short) 14);
        segment.put("Adobe".getBytes(StandardCharsets.ISO_8859_1)).putShort((short) 100);
        return segment.putInt(0).put((byte) transform).array();
    }

    private void readSegments() {
        int at = 2;
        while (true) {
            while (file.get(at) != (byte) 0xff || file.get(at + 1) == (byte) 0xff || file.get(at + 1) == 0) {
                at++;
            }
            int marker = file.get(at + 1) & 0xff;
            if (marker == SCAN) {
                scan = at;
                return;
            }
            if (marker == END) {
                throw image.failure(Reason.CORRUPT, "a JPEG must have a scan: it ends before; get it again");
            }
            int data = at + 4;
            int next = at + 2;
            if (marker != 1 && (marker < 0xd0 || marker > 0xd8)) {
                next += Math.max(2, file.getShort(at + 2) & 0xffff);
                note(marker, data, next - data);
            }
            if (marker < APP0 || marker > COMMENT) {
                tables.write(image.bytes(), at, next - at);
            }
            at = next;
        }
    }

    private void note(int marker, int data, int length) {
        if (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc) {
            frame = data;
            frameMarker = marker;
        } else if (marker == APP0 && length >= 12 && startsWith(data, "JFIF\0")) {
            jfif = true;
        } else if (marker == APP1 && exif == null && length >= 6 && startsWith(data, "Exif\0")) {
            exif = file.slice(data, length);
        } else if (marker == APP14 && length >= 12 && startsWith(data, "Adobe")) {
            adobeTransform = file.get(data + 11) & 0xff;
        }
    }

    private void checkFrame() {
        if (frame == 0) {
            throw image.failure(Reason.CORRUPT, "a JPEG must have a frame header before its scan; get it again");
        }
        boolean knownProcess = frameMarker <= 0xc2 || frameMarker == 0xc9 || frameMarker == 0xca;
        int bits = file.get(frame);
        int samples = components();
        if (!knownProcess || bits != 8 || (samples != 1 && samples != 3 && samples != 4)) {
            throw image.failure(
                    Reason.UNSUPPORTED_FORMAT,
                    "a JPEG must be sequential or progressive with 1, 3 or 4 samples of 8 bits: process 0x"
                            + Integer.toHexString(frameMarker) + " with " + samples + " of " + bits + "; convert it");
        }
    }

    private void checkScans() {
        int scans = 0;
        for (int i = scan; i + 1 < file.limit(); i++) {
            scans += file.get(i) == (byte) 0xff && file.get(i + 1) == (byte) SCAN ? 1 : 0;
        }
        long most =
                Math.min(MOST_SCANS, SCANS_AT_FULL_SIZE * image.maxPixels() / Math.max(1, width() * (long) height()));
        if (scans > most && scans > 1) {
            throw image.failure(
                    Reason.TOO_LARGE,
                    "a JPEG of " + width() + " x " + height() + " must have at most " + most + " scans: " + scans
                            + "; convert it to a baseline JPEG");
        }
    }

    private int sampling(int component) {
        return file.get(frame + 7 + 3 * component) & 0xff;
    }

    private boolean startsWith(int at, String text) {
        byte[] found = new byte[text.length()];
        file.get(at, found);
        return new String(found, StandardCharsets.ISO_8859_1).equals(text);
    }
}
