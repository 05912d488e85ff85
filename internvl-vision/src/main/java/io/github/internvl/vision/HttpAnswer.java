package io.github.internvl.vision;

import io.github.internvl.vision.RemoteMediaException.Reason;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An answer to a GET in HTTP/1.1, on a connection for it alone. */
final class HttpAnswer {
    private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] ([1-5]\\d\\d)(?: .*)?");
    private static final Pattern HEADER = Pattern.compile("([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*");
    private static final Pattern LENGTH = Pattern.compile("\\d{1,18}");
    private static final Pattern CHUNK = Pattern.compile("([0-9a-fA-F]{1,15})[ \t]*(?:;.*)?");
    private static final int MOST_HEAD_BYTES = 1 << 16;

    private final WebAddress address;
    private final InputStream stream;
    private final Map<String, String> headers = new HashMap<>();
    private int headBytes;
    private int status;

    private HttpAnswer(WebAddress address, InputStream stream) {
        this.address = address;
        this.stream = stream;
    }

    /** Asks for the file as it is, and reads the answer up to its body. */
    static HttpAnswer get(WebAddress address, Socket connection) throws IOException {
        String request = "GET " + address.target() + " HTTP/1.1\r\n"
                + "Host: " + address.hostAndPort() + "\r\n"
                + "User-Agent: internvl-java\r\n"
                + "Accept: */*\r\n"
                + "Accept-Encoding: identity\r\n"
                + "Connection: close\r\n\r\n";
        OutputStream out = connection.getOutputStream();
        out.write(request.getBytes(StandardCharsets.US_ASCII));
        out.flush();
        HttpAnswer answer = new HttpAnswer(address, new BufferedInputStream(connection.getInputStream()));
        do {
            answer.readHead();
        } while (answer.status < 200);
        return answer;
    }

    int status() {
        return status;
    }

    Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name.toLowerCase(Locale.ROOT)));
    }

    /** Reads the body, which must have at most {@code maxBytes} bytes, announced and found. */
    byte[] body(long maxBytes) throws IOException {
        String encoding = header("Content-Encoding").orElse("identity");
        if (!encoding.isEmpty() && !encoding.equalsIgnoreCase("identity")) {
            throw bad("the file must come as it is: it is encoded (" + quoted(encoding) + ")");
        }
        Optional<String> transfer = header("Transfer-Encoding");
        if (transfer.isPresent()) {
            if (!transfer.get().equalsIgnoreCase("chunked")) {
                throw bad("the file must come plain or in chunks: it comes as " + quoted(transfer.get()));
            }
            return chunks(maxBytes);
        }
        Optional<String> announced = header("Content-Length");
        if (announced.isEmpty()) {
            byte[] bytes = stream.readNBytes((int) Math.min(maxBytes + 1, Integer.MAX_VALUE));
            if (bytes.length > maxBytes) {
                throw tooLarge(maxBytes, "more than that");
            }
            return bytes;
        }
        if (!LENGTH.matcher(announced.get()).matches()) {
            throw bad("the length must be a number: " + quoted(announced.get()));
        }
        long length = Long.parseLong(announced.get());
        if (length > maxBytes) {
            throw tooLarge(maxBytes, length + " announced");
        }
        byte[] bytes = stream.readNBytes((int) length);
        if (bytes.length < length) {
            throw truncated(bytes.length + " of " + length);
        }
        return bytes;
    }

    private byte[] chunks(long maxBytes) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        while (true) {
            headBytes = 0;
            Matcher size = CHUNK.matcher(line());
            if (!size.matches()) {
                throw bad("a chunk must begin with its size");
            }
            long length = Long.parseLong(size.group(1), 16);
            if (length == 0) {
                return bytes.toByteArray();
            }
            if (length > maxBytes - bytes.size()) {
                throw tooLarge(maxBytes, bytes.size() + length + " already");
            }
            byte[] chunk = stream.readNBytes((int) length);
            bytes.writeBytes(chunk);
            if (chunk.length < length) {
                throw truncated(bytes.size() + " so far, in a chunk");
            }
            if (!line().isEmpty()) {
                throw bad("a chunk must end where its size says");
            }
        }
    }

    private void readHead() throws IOException {
        Matcher first = STATUS.matcher(line());
        if (!first.matches()) {
            throw bad("an answer must be HTTP/1.1: it begins otherwise");
        }
        status = Integer.parseInt(first.group(1));
        headers.clear();
        for (String line = line(); !line.isEmpty(); line = line()) {
            Matcher header = HEADER.matcher(line);
            if (!header.matches()) {
                throw bad("a header must be a name and a value: " + quoted(line));
            }
            String name = header.group(1).toLowerCase(Locale.ROOT);
            String before = headers.put(name, header.group(2));
            if (before != null && name.equals("content-length") && !before.equals(header.group(2))) {
                throw bad("an answer must have one length: it has two");
            }
        }
    }

    /** A line without its end. */
    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = stream.read(); b != '\n'; b = stream.read()) {
            if (b < 0) {
                throw truncated("inside the headers");
            }
            if (++headBytes > MOST_HEAD_BYTES) {
                throw bad("headers must have at most " + MOST_HEAD_BYTES + " bytes: they have more");
            }
            line.write(b);
        }
        String text = line.toString(StandardCharsets.ISO_8859_1);
        return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    }

    private RemoteMediaException bad(String rule) {
        return address.failure(Reason.BAD_ANSWER, rule + "; get the file another way", null);
    }

    private RemoteMediaException tooLarge(long maxBytes, String found) {
        return address.failure(
                Reason.TOO_LARGE,
                "a file must have at most " + maxBytes + " bytes: " + found + "; raise RemoteMedia.Builder.maxBytes",
                null);
    }

    private RemoteMediaException truncated(String found) {
        return address.failure(
                Reason.TRUNCATED,
                "the answer must be whole: the connection ended after " + found + "; try again",
                null);
    }

    private static String quoted(String text) {
        return '"' + text.substring(0, Math.min(text.length(), 80)).replaceAll("[^\\x20-\\x7e]", "?") + '"';
    }
}
