package io.github.internvl.video;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Coded pictures as the frames of an MP4 in memory, one a second, each a key frame.
 *
 * @param codec name of the sample entry, such as {@code av01}
 * @param setup the box that configures the codec, with its header
 * @param colours the box that tells matrix and range, or nothing
 */
record Mp4Samples(String codec, byte[] setup, byte[] colours, int width, int height) {
    private static final int UNITY = 0x10000;

    byte[] with(List<byte[]> samples) {
        byte[] type = box("ftyp", bytes("isom"), ints(0), bytes("isom"));
        int start = type.length + movie(samples, 0).length + 8;
        return concat(type, movie(samples, start), box("mdat", concat(samples.toArray(byte[][]::new))));
    }

    private byte[] movie(List<byte[]> samples, int start) {
        int count = samples.size();
        byte[] matrix = ints(UNITY, 0, 0, 0, UNITY, 0, 0, 0, 0x40000000);
        byte[] movie = box("mvhd", ints(0, 0, 0, 1, count, UNITY, 0x1000000, 0, 0), matrix, ints(0, 0, 0, 0, 0, 0, 2));
        byte[] track = box("tkhd", ints(3, 0, 0, 1, 0, count, 0, 0, 0, 0), matrix, ints(width << 16, height << 16));
        byte[] media = box("mdhd", ints(0, 0, 0, 1, count, 0x55c40000));
        byte[] handler = box("hdlr", ints(0, 0), bytes("vide"), ints(0, 0, 0), new byte[1]);
        byte[] reference = box("dinf", box("dref", ints(0, 1), box("url ", ints(1))));
        byte[] information = box("minf", box("vmhd", ints(1, 0, 0)), reference, table(samples, start));
        return box("moov", movie, box("trak", track, box("mdia", media, handler, information)));
    }

    private byte[] table(List<byte[]> samples, int start) {
        int count = samples.size();
        byte[] frame = shorts(0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, width, height, 72, 0, 72, 0, 0, 0, 1);
        byte[] entry = box(codec, frame, new byte[32], shorts(24, -1), setup, colours);
        byte[] sizes = ints(samples.stream().mapToInt(sample -> sample.length).toArray());
        return box(
                "stbl",
                box("stsd", ints(0, 1), entry),
                box("stts", ints(0, 1, count, 1)),
                box("stsc", ints(0, 1, 1, count, 1)),
                box("stsz", ints(0, 0, count), sizes),
                box("stco", ints(0, 1, start)));
    }

    private static byte[] box(String type, byte[]... parts) {
        byte[] content = concat(parts);
        return concat(ints(8 + content.length), bytes(type), content);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] ints(int... values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length);
        for (int value : values) {
            bytes.putInt(value);
        }
        return bytes.array();
    }

    private static byte[] shorts(int... values) {
        ByteBuffer bytes = ByteBuffer.allocate(2 * values.length);
        for (int value : values) {
            bytes.putShort((short) value);
        }
        return bytes.array();
    }

    private static byte[] concat(byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length = Math.addExact(length, part.length);
        }
        ByteBuffer whole = ByteBuffer.allocate(length);
        for (byte[] part : parts) {
            whole.put(part);
        }
        return whole.array();
    }
}
