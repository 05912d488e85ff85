package io.github.internvl.tests.attack;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Attacks on the protocol under the requests: framing, smuggling, hosts, methods, headers and encodings. */
final class HttpAttacks {
    private static final String GROUP = "http";
    private static final String BODY = Bodies.ask("Why?");
    private static final String CHUNKED = "Transfer-Encoding: chunked\r\n";
    private static final String SECOND = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
    private static final String CHUNK = Integer.toHexString(BODY.length()) + "\r\n" + BODY + "\r\n";
    private static final int MEGABYTE = 1 << 20;

    private HttpAttacks() {}

    static List<Attack> all() {
        List<Attack> all = new ArrayList<>(lengths());
        all.addAll(chunks());
        all.addAll(hosts());
        all.addAll(lines());
        all.addAll(contents());
        all.addAll(sequences());
        return all;
    }

    /** A request with a body whose length is announced. */
    private static String sized(String headers, String body) {
        return unsized("Content-Length: " + body.length() + "\r\n" + headers, body);
    }

    private static String unsized(String headers, String body) {
        return "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + "Connection: close\r\n" + headers + "\r\n" + body;
    }

    private static String withHost(String version, String host) {
        return "POST /v1/chat/completions HTTP/" + version + "\r\n" + host
                + "Content-Type: application/json\r\nConnection: close\r\nContent-Length: " + BODY.length() + "\r\n\r\n"
                + BODY;
    }

    private static String get(String line, String headers) {
        return line + "\r\nHost: localhost\r\nConnection: close\r\n" + headers + "\r\n";
    }

    private static Attack attack(String name, String request, Integer... statuses) {
        return Attack.bytes(GROUP, name, () -> request.getBytes(StandardCharsets.ISO_8859_1), statuses);
    }

    private static List<Attack> lengths() {
        return List.of(
                attack("a length and chunks both", sized(CHUNKED, "0\r\n\r\n" + SECOND), 400),
                attack("two different lengths", sized("Content-Length: 5\r\n", BODY), 400),
                attack("two equal lengths", sized("Content-Length: " + BODY.length() + "\r\n", BODY), 200, 400),
                attack("a list of lengths", unsized("Content-Length: 5, 5\r\n", BODY), 400),
                attack("length +5", unsized("Content-Length: +5\r\n", BODY), 400),
                attack("length -1", unsized("Content-Length: -1\r\n", BODY), 400),
                attack("length 0x10", unsized("Content-Length: 0x10\r\n", BODY), 400),
                attack("length 2^64 + 1", unsized("Content-Length: 18446744073709551617\r\n", BODY), 400, 413),
                attack("length 2^63 - 1", unsized("Content-Length: 9223372036854775807\r\n", BODY), 413),
                attack("a length with letters", unsized("Content-Length: 5a\r\n", BODY), 400),
                attack("no length at all", unsized("", ""), 400, 411));
    }

    private static List<Attack> chunks() {
        String long100 = "a".repeat(100_000);
        String trailers = Bodies.joined(20_000, "", i -> "X-" + i + ": 1\r\n");
        String single = Bodies.ask("a".repeat(2000));
        String bytes = Bodies.joined(single.length(), "", i -> "1\r\n" + single.charAt(i) + "\r\n");
        return List.of(
                attack("coding xchunked", unsized("Transfer-Encoding: xchunked\r\n", BODY), 400, 501),
                attack("coding chunked, identity", unsized("Transfer-Encoding: chunked, identity\r\n", BODY), 400, 501),
                attack("a space before the colon", unsized("Transfer-Encoding : chunked\r\n", BODY), 400),
                attack("a vertical tab in the coding", unsized("Transfer-Encoding:\u000bchunked\r\n", BODY), 400, 501),
                attack("the coding twice", unsized(CHUNKED + CHUNKED, "0\r\n\r\n"), 400),
                attack("a chunk of negative size", unsized(CHUNKED, "-1\r\n" + BODY + "\r\n0\r\n\r\n"), 400),
                attack("a chunk of no size", unsized(CHUNKED, "zz\r\n" + BODY + "\r\n0\r\n\r\n"), 400),
                attack("a chunk of 2^64 - 1", unsized(CHUNKED, "FFFFFFFFFFFFFFFF\r\n" + BODY + "\r\n0\r\n\r\n"), 400),
                attack("a chunk longer than it says", unsized(CHUNKED, "5\r\n" + BODY + "\r\n0\r\n\r\n"), 400),
                attack(
                        "a chunk extension of 100 KB",
                        unsized(
                                CHUNKED,
                                Integer.toHexString(BODY.length()) + ";" + long100 + "\r\n" + BODY + "\r\n0\r\n\r\n"),
                        0,
                        200,
                        400,
                        413,
                        431),
                attack("trailers", unsized(CHUNKED, CHUNK + "0\r\nX-Evil: 1\r\nContent-Length: 3\r\n\r\n"), 200, 400),
                attack("20,000 trailers", unsized(CHUNKED, CHUNK + "0\r\n" + trailers + "\r\n"), 0, 200, 400, 413, 431),
                attack("a body in chunks of a byte", unsized(CHUNKED, bytes + "0\r\n\r\n"), 200, 400));
    }

    private static List<Attack> hosts() {
        String evil = "Host: evil.example\r\n";
        return List.of(
                attack("no host", withHost("1.1", ""), 400),
                attack("two hosts", withHost("1.1", "Host: localhost\r\n" + evil), 400),
                attack("an empty host", withHost("1.1", "Host:\r\n"), 400, 403),
                attack("another's host", withHost("1.1", evil), 403),
                attack("localhost in another's name", withHost("1.1", "Host: localhost.evil.example\r\n"), 403),
                attack("127.0.0.1 in another's name", withHost("1.1", "Host: 127.0.0.1.evil.example\r\n"), 403),
                attack("a user before the host", withHost("1.1", "Host: evil@localhost\r\n"), 400, 403),
                attack("LOCALHOST with a port", withHost("1.1", "Host: LOCALHOST:99\r\n"), 200),
                attack("localhost with a dot", withHost("1.1", "Host: localhost.\r\n"), 200, 403),
                attack("127.0.0.1 as a number", withHost("1.1", "Host: 2130706433\r\n"), 403),
                attack("another's host in HTTP/1.0", withHost("1.0", evil), 403),
                attack("no host in HTTP/1.0", withHost("1.0", ""), 200, 400, 403),
                attack("an absolute address", get("GET http://evil.example/metrics HTTP/1.1", ""), 400, 403),
                attack(
                        "an absolute address and another's host",
                        "GET http://localhost/metrics HTTP/1.1\r\n" + evil + "Connection: close\r\n\r\n",
                        400,
                        403));
    }

    private static List<Attack> lines() {
        String megabyte = "a".repeat(MEGABYTE);
        String websocket = """
                Connection: Upgrade
                Upgrade: websocket
                Sec-WebSocket-Version: 13
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
                """.replace("\n", "\r\n");
        String upgrade =
                "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n";
        return List.of(
                attack("HTTP/0.9", "GET /metrics\r\n", 0, 400, 505),
                attack("HTTP/2 by force", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\0".repeat(30), 0, 400, 426, 505),
                attack("an upgrade to HTTP/2", sized(upgrade, BODY), 200, 400),
                attack("an upgrade to WebSocket", get("GET /v1/models HTTP/1.1", websocket), 200, 400, 404, 426),
                attack("TRACE", get("TRACE / HTTP/1.1", "Cookie: a=b\r\n"), 404, 405, 501),
                attack("CONNECT", get("CONNECT 127.0.0.1:22 HTTP/1.1", ""), 400, 404, 405, 501),
                attack("OPTIONS *", get("OPTIONS * HTTP/1.1", ""), 200, 204, 400, 404, 405),
                attack(
                        "a method of 10,000 letters",
                        get("A".repeat(10_000) + " / HTTP/1.1", ""),
                        0,
                        400,
                        405,
                        414,
                        431,
                        501),
                attack("an address of 1 MB", get("GET /" + megabyte + " HTTP/1.1", ""), 0, 400, 414, 431),
                attack("a header of 1 MB", sized("X-A: " + megabyte + "\r\n", BODY), 0, 400, 431),
                attack("1,500 headers", sized("a:b\r\n".repeat(1500), BODY), 200, 400, 431),
                attack("a folded header", sized("X-A: b\r\n  folded\r\n", BODY), 200, 400),
                attack("bare line feeds", sized("", BODY).replace("\r\n", "\n"), 200, 400),
                attack("a NUL in a header", sized("X-A: a\0b\r\n", BODY), 400),
                attack("Expect: 100-continue", sized("Expect: 100-continue\r\n", BODY), 100, 200),
                attack("Expect: nonsense", sized("Expect: 200-maybe\r\n", BODY), 200, 400, 417),
                attack("bytes of all values", allBytes(), 0, 400),
                attack(
                        "TLS where there is none",
                        "\u0016\u0003\u0001\u0002\0\u0001\0\u0001" + "\0".repeat(100),
                        0,
                        400));
    }

    private static String allBytes() {
        StringBuilder bytes = new StringBuilder();
        for (int i = 0; i < 10_240; i++) {
            bytes.append((char) (i % 256));
        }
        return bytes.toString();
    }

    private static String typed(String type, String body) {
        return sized("", body).replaceFirst("application/json", type);
    }

    private static List<Attack> contents() {
        String parameters = "application/json;" + "a=b;".repeat(1200);
        String gzip = new String(
                Bodies.deflated("a".repeat(MEGABYTE).getBytes(StandardCharsets.US_ASCII), 100),
                StandardCharsets.ISO_8859_1);
        String utf16 = latin(StandardCharsets.UTF_16.encode(BODY));
        return List.of(
                attack("100 MB compressed", sized("Content-Encoding: gzip\r\n", gzip), 400, 415)
                        .slow(),
                attack("a form", typed("multipart/form-data; boundary=x", BODY), 415),
                attack("plain text, as other pages can send it", typed("text/plain", BODY), 415),
                attack("an encoded form", typed("application/x-www-form-urlencoded", BODY), 415),
                attack("JSON with 5 KB of parameters", typed(parameters, BODY), 200, 400, 431),
                attack("UTF-16", typed("application/json; charset=utf-16", utf16), 400, 415),
                attack("a byte order mark", sized("", "\u00ef\u00bb\u00bf" + BODY), 200, 400),
                attack("a NUL in the JSON", sized("", BODY.replace("Why", "W\0y")), 400),
                attack("overlong UTF-8", sized("", BODY.replace("Why", "\u00c0\u00af")), 400),
                attack("a surrogate in UTF-8", sized("", BODY.replace("Why", "\u00ed\u00a0\u0080")), 400),
                attack("an empty body", sized("", ""), 400));
    }

    private static String latin(ByteBuffer encoded) {
        byte[] bytes = new byte[encoded.remaining()];
        encoded.get(bytes);
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static List<Attack> sequences() {
        String open = sized("", BODY).replace("Connection: close\r\n", "");
        return List.of(
                Attack.trial(GROUP, "20 requests at once on a connection", Setup.PLAIN, victim -> {
                    Victim.Raw raw = victim.raw(open.repeat(20).getBytes(StandardCharsets.US_ASCII), 20);
                    assertThat(raw.statuses()).hasSize(20).containsOnly(200);
                }),
                Attack.trial(GROUP, "a wrong request before a right one", Setup.PLAIN, victim -> {
                    String wrong = sized("", "{}").replace("Connection: close\r\n", "");
                    Victim.Raw raw = victim.raw((wrong + sized("", BODY)).getBytes(StandardCharsets.US_ASCII), 2);
                    assertThat(raw.statuses()).startsWith(400).hasSizeLessThanOrEqualTo(2);
                }),
                Attack.trial(GROUP, "empty lines between requests", Setup.PLAIN, victim -> {
                    String both = open + "\r\n\r\n" + sized("", BODY);
                    Victim.Raw raw = victim.raw(both.getBytes(StandardCharsets.US_ASCII), 2);
                    assertThat(raw.statuses()).startsWith(200).allMatch(status -> status == 200 || status == 400);
                }),
                Attack.trial(GROUP, "a request hidden in a body", Setup.PLAIN, victim -> {
                    Victim.Raw raw = victim.raw(sized("", BODY + SECOND).getBytes(StandardCharsets.US_ASCII), 2);
                    assertThat(raw.text()).doesNotContain("internvl_http_requests_inside");
                }));
    }
}
