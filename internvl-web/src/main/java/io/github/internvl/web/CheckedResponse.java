package io.github.internvl.web;

import io.github.internvl.web.RemoteMediaException.Reason;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import okhttp3.Response;
import okio.Buffer;
import okio.BufferedSource;

/** A response to a GET whose head and body are held to the rules, beyond the checks of the client. */
final class CheckedResponse {
    private static final Pattern NAME = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");
    private static final Pattern LENGTH = Pattern.compile("\\d{1,18}");
    private static final int PIECE = 1 << 13;
    /** The client's message for a body that ends before its length. */
    private static final String ENDED = "unexpected end of stream";

    private final WebAddress address;
    private final Response response;
    private final GuardedSockets sockets;

    /** Checks the head. */
    CheckedResponse(WebAddress address, Response response, GuardedSockets sockets) {
        this.address = address;
        this.response = response;
        this.sockets = sockets;
        for (String name : response.headers().names()) {
            if (!NAME.matcher(name).matches()) {
                throw bad("a header must be a name and a value: " + quoted(name));
            }
        }
        long lengths = response.headers("Content-Length").stream().distinct().count();
        if (lengths > 1) {
            throw bad("a response must have one length: it has " + lengths);
        }
    }

    int status() {
        return response.code();
    }

    /** The target of a redirect. */
    Optional<String> location() {
        return Optional.ofNullable(response.header("Location"));
    }

    /** Reads the body, which must have at most {@code maxBytes} bytes, announced and found. */
    byte[] body(long maxBytes) throws IOException {
        long length = length();
        if (length > maxBytes) {
            throw tooLarge(maxBytes, length + " announced");
        }
        BufferedSource source = response.body().source();
        Buffer body = new Buffer();
        try {
            while (source.read(body, PIECE) >= 0) {
                sockets.grew();
                if (body.size() > maxBytes) {
                    throw tooLarge(maxBytes, "more than that");
                }
            }
        } catch (EOFException e) {
            throw truncated(address, found(body, length), e);
        } catch (ProtocolException e) {
            if (ENDED.equals(e.getMessage())) {
                throw truncated(address, found(body, length), e);
            }
            throw e;
        }
        return body.readByteArray();
    }

    /** The announced length; -1 if the body comes in chunks, or ends with the connection. */
    private long length() {
        String encoding = response.header("Content-Encoding", "");
        if (encoding != null && !encoding.isEmpty() && !encoding.equalsIgnoreCase("identity")) {
            throw bad("the file must come as it is: it is encoded (" + quoted(encoding) + ")");
        }
        List<String> transfers = response.headers("Transfer-Encoding");
        if (!transfers.isEmpty()) {
            if (transfers.size() > 1 || !transfers.get(0).equalsIgnoreCase("chunked")) {
                throw bad("the file must come plain or in chunks: it comes as " + quoted(String.join(", ", transfers)));
            }
            return -1;
        }
        String length = response.header("Content-Length");
        if (length == null) {
            return -1;
        }
        if (!LENGTH.matcher(length).matches()) {
            throw bad("the length must be a number: " + quoted(length));
        }
        return Long.parseLong(length);
    }

    private static String found(Buffer body, long length) {
        return length < 0
                ? "inside a chunk, after " + body.size() + " bytes"
                : "after " + body.size() + " of " + length + " bytes";
    }

    private RemoteMediaException bad(String rule) {
        return address.failure(Reason.BAD_RESPONSE, rule + "; get the file another way", null);
    }

    private RemoteMediaException tooLarge(long maxBytes, String found) {
        return address.failure(
                Reason.TOO_LARGE,
                "a file must have at most " + maxBytes + " bytes: " + found + "; raise RemoteMedia.Builder.maxBytes",
                null);
    }

    static RemoteMediaException truncated(WebAddress address, String found, IOException cause) {
        return address.failure(
                Reason.TRUNCATED, "the response must be whole: the connection ended " + found + "; try again", cause);
    }

    private static String quoted(String text) {
        return '"' + text.substring(0, Math.min(text.length(), 80)).replaceAll("[^\\x20-\\x7e]", "?") + '"';
    }
}
