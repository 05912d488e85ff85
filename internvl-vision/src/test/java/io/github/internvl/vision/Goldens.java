package io.github.internvl.vision;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Objects;
import java.util.stream.Stream;

/** The files of {@code src/test/python/make_goldens.py}. */
public final class Goldens {
    private Goldens() {}

    /** The rows of a table without its head; the last column may hold commas. */
    public static Stream<String[]> rows(String table, int columns) {
        try (InputStream in = Objects.requireNonNull(Goldens.class.getResourceAsStream("/" + table), table)) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return text.lines().skip(1).map(line -> line.split(",", columns));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static Path image(String name) {
        try {
            return Path.of(Objects.requireNonNull(Goldens.class.getResource("/images/" + name), name)
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Bytes of a linear congruential generator, the same as in the script. */
    public static Image noise(int width, int height) {
        byte[] rgb = new byte[width * height * 3];
        int state = 1;
        for (int i = 0; i < rgb.length; i++) {
            state = (state * 1103515245 + 12345) & 0x7fffffff;
            rgb[i] = (byte) (state >> 16);
        }
        return Image.ofRgb(width, height, rgb);
    }

    public static String sha256(ByteBuffer bytes) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(bytes);
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
