package io.github.internvl.vision;

import io.github.internvl.vision.spi.MediaException;
import io.github.internvl.vision.spi.MediaException.Reason;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The payload of a {@code data:} URL (RFC 2397). White space in base64 is skipped, as browsers do. */
final class DataUrl {
    private DataUrl() {}

    static byte[] decode(String url) {
        if (!url.regionMatches(true, 0, "data:", 0, 5)) {
            throw bad("a data: URL must begin with \"data:\"", url.substring(0, Math.min(url.length(), 16)), null);
        }
        int comma = url.indexOf(',');
        if (comma < 0) {
            throw bad("a data: URL must have a comma before its data", "none", null);
        }
        byte[] data = percentDecoded(url.substring(comma + 1));
        String type = url.substring(5, comma).toLowerCase(Locale.ROOT);
        return type.endsWith(";base64") ? base64Decoded(data) : data;
    }

    private static byte[] percentDecoded(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (text.indexOf('%') < 0) {
            return bytes;
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length);
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] != '%') {
                out.write(bytes[i]);
                continue;
            }
            if (i + 2 >= bytes.length || !HexFormat.isHexDigit(bytes[i + 1]) || !HexFormat.isHexDigit(bytes[i + 2])) {
                throw bad("% in a data: URL must be followed by two hexadecimal digits", "at byte " + i, null);
            }
            out.write((HexFormat.fromHexDigit(bytes[i + 1]) << 4) | HexFormat.fromHexDigit(bytes[i + 2]));
            i += 2;
        }
        return out.toByteArray();
    }

    private static byte[] base64Decoded(byte[] data) {
        int length = 0;
        for (byte b : data) {
            if (b != ' ' && (b < '\t' || b > '\r')) {
                data[length++] = b;
            }
        }
        try {
            return Base64.getDecoder().decode(Arrays.copyOf(data, length));
        } catch (IllegalArgumentException e) {
            throw bad("the data of a ;base64 URL must be base64", String.valueOf(e.getMessage()), e);
        }
    }

    private static MediaException bad(String rule, String found, @Nullable Throwable cause) {
        return new MediaException(Reason.BAD_DATA_URL, rule + ": " + found, cause);
    }
}
