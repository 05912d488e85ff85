package io.github.internvl.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.internvl.web.RemoteMediaException.Reason;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Responses of servers that are broken or hostile. */
class HostileResponseTest {
    private static final String OK = "HTTP/1.1 200 OK\r\n";
    private static final int LIMIT = 1000;

    private WebServer server;

    @BeforeEach
    void start() throws IOException {
        server = WebServer.http();
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbytes",
                "HTTP/1.0 200\nContent-Length:5\n\nbytes and more",
                "HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\n\r\nbytes",
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\nbytes",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nby\r\n3;x=y\r\ntes\r\n0\r\n\r\n",
            })
    void readsBodiesOfEachKind(String answer) throws IOException {
        assertThat(fetch(WebServer.text(answer)))
                .asString(StandardCharsets.US_ASCII)
                .isEqualTo("bytes");
        assertThat(server.requests.get(0))
                .startsWith("GET /file HTTP/1.1\r\n")
                .contains("\r\nAccept-Encoding: identity\r\n")
                .contains("\r\nConnection: close\r\n");
    }

    @ParameterizedTest
    @CsvSource({
        "'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nbytes', TRUNCATED, after 5 of 6",
        "'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n', TRUNCATED, inside the headers",
        "'HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n', TOO_LARGE, 1001 announced",
        "'HTTP/1.1 200 OK\r\nContent-Length: 999999999999999999\r\n\r\n', TOO_LARGE, announced",
        "'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n', BAD_RESPONSE, must be a number",
        "'HTTP/1.1 200 OK\r\nContent-Length: 5\r\ncontent-length: 6\r\n\r\nbytes', BAD_RESPONSE, it has 2",
        "'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nbytes', BAD_RESPONSE, encoded (\"gzip\")",
        "'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nbytes', BAD_RESPONSE, in chunks",
        "'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbyt', TRUNCATED, inside a chunk",
        "'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbytes', TRUNCATED, inside",
        "'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-4\r\nbytes', BAD_RESPONSE, must be HTTP/1.1",
        "'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nb', BAD_RESPONSE, must be HTTP/1.1",
        "'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000005\r\nb', BAD_RESPONSE, must be HTTP/1.1",
        "'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\nbyt', TRUNCATED, after 3 bytes",
        "'HTTP/1.1 200 OK\r\n folded\r\n\r\nbytes', BAD_RESPONSE, a name and a value",
        "'HTTP/2 200 OK\r\n\r\nbytes', BAD_RESPONSE, must be HTTP/1.1",
        "'SSH-2.0-OpenSSH\r\n', BAD_RESPONSE, must be HTTP/1.1",
        "'HTTP/1.1 302 Found\r\n\r\n', BAD_RESPONSE, must name its target",
        "'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n\r\n', BAD_STATUS, 401",
        "'HTTP/1.1 408 Request Timeout\r\n\r\n', BAD_STATUS, 408",
        "'HTTP/1.1 503 Busy\r\nRetry-After: 0\r\n\r\n', BAD_STATUS, 503",
        "'HTTP/1.1 206 Partial Content\r\n\r\nbytes', BAD_STATUS, 206",
    })
    void refusesBrokenAnswers(String answer, Reason reason, String found) {
        RemoteMediaException failure = failure(WebServer.text(answer));
        assertThat(failure.reason()).isEqualTo(reason);
        assertThat(failure).hasMessageContaining(found);
    }

    /** The client does not tell the size of a chunk: the limit holds for the bytes that arrive. */
    @ParameterizedTest
    @ValueSource(strings = {"3e9", "7fffffff", "7fffffffffffffff"})
    void refusesAChunkAboveTheLimitAsSoonAsItsBytesAre(String size) {
        AtomicLong written = new AtomicLong();
        byte[] block = "x".repeat(LIMIT + 1).getBytes(StandardCharsets.US_ASCII);
        RemoteMediaException failure = failure(out -> {
            out.write((OK + "Transfer-Encoding: chunked\r\n\r\n" + size + "\r\n").getBytes(StandardCharsets.US_ASCII));
            while (true) {
                out.write(block);
                written.addAndGet(block.length);
            }
        });
        assertThat(failure.reason()).isEqualTo(Reason.TOO_LARGE);
        assertThat(failure).hasMessageContaining("more than that");
        assertThat(written.get()).isLessThan(64 << 20);
    }

    /** The client reads a chunk to its size and passes over the rest of the line, whatever stands there. */
    @ParameterizedTest
    @CsvSource({
        "'4\r\nbytes\r\n0\r\n\r\n', byte",
        "'4\r\nbytes\r\n3\r\nand\r\n0\r\n\r\n', byteand",
        "'4\r\nbyte HTTP/1.1 200 OK\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother', byte",
    })
    void takesTheAnnouncedBytesOfALongerChunk(String body, String taken) throws IOException {
        assertThat(fetch(WebServer.text(OK + "Transfer-Encoding: chunked\r\n\r\n" + body)))
                .asString(StandardCharsets.US_ASCII)
                .isEqualTo(taken);
        assertThat(server.requests).hasSize(1);
    }

    @Test
    void takesNoChunkBehindALongerOneWhoseSizeIsNone() {
        RemoteMediaException failure =
                failure(WebServer.text(OK + "Transfer-Encoding: chunked\r\n\r\n4\r\nbyte\r\ns\r\n0\r\n\r\n"));
        assertThat(failure.reason()).isEqualTo(Reason.BAD_RESPONSE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\r\n",
                "X: ",
                "Transfer-Encoding: chunked\r\n\r\n1\r\n",
                "Transfer-Encoding: chunked\r\n\r\n1\r\nx",
                "Transfer-Encoding: chunked\r\n\r\n1;"
            })
    void stopsReadingWhatHasNoEnd(String head) {
        AtomicLong written = new AtomicLong();
        byte[] block = "x\r\n1\r\n".repeat(1000).getBytes(StandardCharsets.US_ASCII);
        byte[] line = "x".repeat(block.length).getBytes(StandardCharsets.US_ASCII);
        RemoteMediaException failure = failure(out -> {
            out.write((OK + head).getBytes(StandardCharsets.US_ASCII));
            while (true) {
                out.write(head.endsWith("\r\n") ? block : line);
                written.addAndGet(block.length);
            }
        });
        assertThat(failure.reason()).isIn(Reason.TOO_LARGE, Reason.BAD_RESPONSE);
        assertThat(written.get()).isLessThan(64 << 20);
    }

    @Test
    void endsASlowAnswerInTime() {
        AtomicLong written = new AtomicLong();
        RemoteMediaException failure = failure(
                out -> {
                    out.write((OK + "Content-Length: 1000\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
                    while (written.incrementAndGet() < 1000) {
                        out.write('x');
                        out.flush();
                        Thread.sleep(50);
                    }
                },
                Duration.ofMillis(500));
        assertThat(failure.reason()).isEqualTo(Reason.TOO_SLOW);
        assertThat(failure).hasMessageContaining("at most PT0.5S");
        assertThat(written.get()).isLessThan(1000);
    }

    @Test
    void endsASlowHeadInTime() {
        RemoteMediaException failure = failure(out -> Thread.sleep(60_000), Duration.ofMillis(200));
        assertThat(failure.reason()).isEqualTo(Reason.TOO_SLOW);
    }

    @Test
    void endsASlowLookupInTime() {
        RemoteMedia media = RemoteMedia.builder()
                .allowAnyHost()
                .timeout(Duration.ofMillis(200))
                .resolver(host -> {
                    try {
                        Thread.sleep(60_000);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    return new InetAddress[0];
                })
                .build();
        RemoteMediaException failure =
                catchThrowableOfType(RemoteMediaException.class, () -> media.fetch(URI.create("http://slow.example/")));
        assertThat(failure.reason()).isEqualTo(Reason.TOO_SLOW);
    }

    private RemoteMediaException failure(WebServer.Answer answer) {
        return failure(answer, Duration.ofSeconds(60));
    }

    private RemoteMediaException failure(WebServer.Answer answer, Duration timeout) {
        return catchThrowableOfType(RemoteMediaException.class, () -> fetch(answer, timeout));
    }

    private byte[] fetch(WebServer.Answer answer) throws IOException {
        return fetch(answer, Duration.ofSeconds(60));
    }

    private byte[] fetch(WebServer.Answer answer, Duration timeout) throws IOException {
        URI address = server.answering(answer);
        return RemoteMedia.builder()
                .allowPrivateHost("127.0.0.1:" + address.getPort())
                .maxBytes(LIMIT)
                .timeout(timeout)
                .build()
                .fetch(address);
    }
}
