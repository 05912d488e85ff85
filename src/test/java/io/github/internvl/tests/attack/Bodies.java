package io.github.internvl.tests.attack;

import com.google.gson.JsonPrimitive;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

/** The JSON texts and pictures that attacks are made of. */
final class Bodies {
    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

    private Bodies() {}

    /** A text as JSON writes it. */
    static String quoted(String text) {
        return new JsonPrimitive(text).toString();
    }

    /** A chat of two tokens with a text as its question, and more fields, each with its name. */
    static String ask(String question, String... fields) {
        return content(quoted(question), fields);
    }

    /** The same with any content. */
    static String content(String content, String... fields) {
        String more = String.join(
                "", List.of(fields).stream().map(field -> ", " + field).toList());
        String limit = more.contains("\"max_tokens\"") ? "" : ", \"max_tokens\": 2";
        return "{\"messages\": [{\"role\": \"user\", \"content\": " + content + "}]" + limit + more + "}";
    }

    /** A chat whose answer keeps to a JSON schema. */
    static String schema(String schema) {
        return ask(
                "Why?",
                "\"max_tokens\": 30",
                "\"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"name\": \"x\", \"schema\": "
                        + schema + "}}");
    }

    /** A chat whose answer keeps to a regular expression. */
    static String regex(String regex, String... fields) {
        String[] all = Arrays.copyOf(fields, fields.length + 1);
        all[fields.length] =
                "\"response_format\": {\"type\": \"regex_schema\", \"regex_schema\": " + quoted(regex) + "}";
        return ask("Why?", all);
    }

    /** So many pieces with a separator between them. */
    static String joined(int count, String separator, IntFunction<String> piece) {
        return IntStream.range(0, count).mapToObj(piece).collect(Collectors.joining(separator));
    }

    /** A text that is filled up to a size by repeating a unit, which ends with a comma. */
    static String filled(String before, String unit, String after, int bytes) {
        int units = Math.max(1, (bytes - before.length() - after.length()) / unit.length());
        return before + unit.repeat(units - 1) + unit.substring(0, unit.length() - 1) + after;
    }

    /** A part of a message with words. */
    static String text(String words) {
        return "{\"type\": \"text\", \"text\": " + quoted(words) + "}";
    }

    /** A part of a message with a picture, and more fields beside its URL. */
    static String picture(byte[] bytes, String... fields) {
        return media("image_url", "data:image/png;base64," + Base64.getEncoder().encodeToString(bytes), fields);
    }

    /** A part of a message with a picture or a video at an address. */
    static String media(String type, String url, String... fields) {
        String more = String.join(
                "", List.of(fields).stream().map(field -> ", " + field).toList());
        return "{\"type\": \"" + type + "\", \"" + type + "\": {\"url\": " + quoted(url) + more + "}}";
    }

    /** A red PNG of so many pixels. */
    static byte[] png(int width, int height) {
        byte[] row = new byte[1 + 3 * width];
        for (int x = 1; x < row.length; x += 3) {
            row[x] = (byte) 255;
        }
        return png(width, height, deflated(row, height));
    }

    /** A PNG that says it has so many pixels, with any data. */
    static byte[] png(int width, int height, byte[] data, byte[]... chunks) {
        ByteBuffer header = ByteBuffer.allocate(13).putInt(width).putInt(height);
        header.put(new byte[] {8, 2, 0, 0, 0});
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.writeBytes(SIGNATURE);
        file.writeBytes(chunk("IHDR", header.array()));
        for (byte[] chunk : chunks) {
            file.writeBytes(chunk);
        }
        file.writeBytes(chunk("IDAT", data));
        file.writeBytes(chunk("IEND", new byte[0]));
        return file.toByteArray();
    }

    /** A chunk of a PNG with its checksum. */
    static byte[] chunk(String type, byte[] data) {
        byte[] name = type.getBytes(StandardCharsets.US_ASCII);
        CRC32 sum = new CRC32();
        sum.update(name);
        sum.update(data);
        ByteBuffer chunk = ByteBuffer.allocate(data.length + 12).putInt(data.length);
        return chunk.put(name).put(data).putInt((int) sum.getValue()).array();
    }

    /** A block that is repeated, compressed as PNG and gzip do. */
    static byte[] deflated(byte[] block, int times) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (DeflaterOutputStream out = new DeflaterOutputStream(packed, new Deflater(6))) {
            for (int i = 0; i < times; i++) {
                out.write(block);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return packed.toByteArray();
    }
}
