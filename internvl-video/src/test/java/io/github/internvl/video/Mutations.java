package io.github.internvl.video;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;

/** Files damaged in every way that a seed can think of, the heads more often than the rest. The same number, the same file. */
record Mutations(List<byte[]> samples, long seed) {
    private static final int HEAD_BYTES = 200;
    private static final int MOST_STEPS = 6;
    private static final int[] NUMBERS = {
        0, 1, -1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0xffffff, 0x7fffffff, 0x80000000
    };

    /** The mutated file of a number. */
    byte[] file(int number) {
        Random random = new Random(seed * 1_000_003 + number);
        byte[] file = samples.get(random.nextInt(samples.size())).clone();
        int steps = random.nextBoolean() ? 1 : 2 + random.nextInt(MOST_STEPS - 1);
        for (; steps > 0 && file.length > 0; steps--) {
            file = step(file, random);
        }
        return random.nextInt(4) == 0 ? file : withChecksums(file);
    }

    private byte[] step(byte[] file, Random random) {
        int at = place(file, random);
        int length = 1 + random.nextInt(Math.min(64, file.length));
        switch (random.nextInt(9)) {
            case 0, 1 -> file[at] ^= (byte) (1 << random.nextInt(8));
            case 2 -> file[at] = (byte) random.nextInt(256);
            case 3, 4 -> putNumber(file, at, random);
            case 5 -> {
                for (int i = at; i < Math.min(file.length, at + length); i++) {
                    file[i] = (byte) random.nextInt(256);
                }
            }
            case 6 -> {
                return spliced(file, at, Math.min(file.length, at + length), new byte[0]);
            }
            case 7 -> {
                byte[] other = samples.get(random.nextInt(samples.size()));
                int from = random.nextInt(other.length);
                return spliced(file, at, at, Arrays.copyOfRange(other, from, Math.min(other.length, from + length)));
            }
            default -> {
                return random.nextInt(3) == 0 ? Arrays.copyOf(file, at) : file;
            }
        }
        return file;
    }

    private static int place(byte[] file, Random random) {
        int most = random.nextBoolean() ? file.length : Math.min(file.length, HEAD_BYTES);
        return random.nextInt(most);
    }

    private static void putNumber(byte[] file, int at, Random random) {
        int number = NUMBERS[random.nextInt(NUMBERS.length)];
        int bytes = 1 << random.nextInt(3);
        boolean little = random.nextBoolean();
        for (int i = 0; i < bytes && at + i < file.length; i++) {
            file[at + i] = (byte) (number >> (8 * (little ? i : bytes - 1 - i)));
        }
    }

    private static byte[] spliced(byte[] file, int from, int to, byte[] between) {
        ByteBuffer result = ByteBuffer.allocate(file.length - (to - from) + between.length);
        return result.put(file, 0, from)
                .put(between)
                .put(file, to, file.length - to)
                .array();
    }

    /** Lets mutations of a PNG through its checksums. */
    private static byte[] withChecksums(byte[] file) {
        if (!new String(file, 0, Math.min(file.length, 4), StandardCharsets.ISO_8859_1).endsWith("PNG")) {
            return file;
        }
        ByteBuffer png = ByteBuffer.wrap(file);
        for (int at = 8; at + 12 <= file.length; ) {
            int length = png.getInt(at);
            if (length < 0 || length > file.length - at - 12) {
                break;
            }
            CRC32 sum = new CRC32();
            sum.update(file, at + 4, length + 4);
            png.putInt(at + 8 + length, (int) sum.getValue());
            at += 12 + length;
        }
        return file;
    }
}
