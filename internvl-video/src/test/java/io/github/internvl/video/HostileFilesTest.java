package io.github.internvl.video;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.net.httpserver.HttpServer;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.Video;
import io.github.internvl.vision.spi.MediaException;
import io.github.internvl.vision.spi.MediaException.Reason;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that name other files and servers: those are never opened. */
class HostileFilesTest {
    @TempDir
    private Path folder = Path.of("");

    private final AtomicInteger requests = new AtomicInteger();
    private HttpServer server = newServer();

    private static HttpServer newServer() {
        try {
            return HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @BeforeEach
    void listen() {
        server.createContext("/", exchange -> {
            requests.incrementAndGet();
            exchange.sendResponseHeaders(404, -1);
            exchange.close();
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n%s\n#EXT-X-ENDLIST\n",
                "ffconcat version 1.0\nfile '%s'\n",
                "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\" "
                        + "mediaPresentationDuration=\"PT2S\"><Period><AdaptationSet mimeType=\"video/mp4\">"
                        + "<Representation id=\"1\" bandwidth=\"1\"><BaseURL>%s</BaseURL><SegmentBase/>"
                        + "</Representation></AdaptationSet></Period></MPD>",
                """
                v=0
                o=- 0 0 IN IP4 127.0.0.1
                s=x
                c=IN IP4 127.0.0.1
                t=0 0
                m=video 5004 RTP/AVP 96
                a=control:%s
                a=rtpmap:96 H264/90000
                """,
                "[Reference]\nRef1=%s\n",
                "<ASX version=\"3.0\"><Entry><Ref href=\"%s\"/></Entry></ASX>",
                "{1}{100}%s\n{101}{200}text\n",
                "RTSPtext\nrtsptext\n%s"
            })
    void opensNothingThatAFileNames(String text) throws IOException {
        Path video = Clip.of("mpeg4").write(folder.resolve("target.mp4"));
        for (String target : List.of(
                video.toString(),
                video.toUri().toString(),
                "target.mp4",
                "http://127.0.0.1:" + server.getAddress().getPort() + "/a.mp4")) {
            for (String name : List.of("clip.mp4", "clip.m3u8", "clip.mpd", "clip.sdp")) {
                Path file = Files.writeString(folder.resolve(name), text.formatted(target));
                assertThatExceptionOfType(MediaException.class)
                        .isThrownBy(() -> Video.open(file).sample(Video.Sampling.frames(1)))
                        .withMessageStartingWith(file + ": a video must be MP4, QuickTime")
                        .extracting(MediaException::reason)
                        .isIn(Reason.NOT_A_VIDEO, Reason.UNSUPPORTED_FORMAT);
            }
        }
        assertThat(requests).hasValue(0);
    }

    @Test
    void readsNoDataThatAQuickTimeFileKeepsElsewhere() throws IOException {
        Path other = Clip.of("mpeg4").withFrames(80).write(folder.resolve("other.mov"));
        Path file = Clip.of("mpeg4").write(folder.resolve("own.mov"));
        List<String> own = hashes(file);
        Files.write(file, withDataIn(Files.readAllBytes(file), other));
        assertThat(hashes(file)).isEqualTo(own).isNotEqualTo(hashes(other));
    }

    private static List<String> hashes(Path file) {
        return Video.open(file).sample(Video.Sampling.frames(4)).stream()
                .map(Image::contentHash)
                .toList();
    }

    /** Puts an alias record in place of the entry that says that the data are in the file itself. */
    private static byte[] withDataIn(byte[] mov, Path other) throws IOException {
        String text = new String(mov, StandardCharsets.ISO_8859_1);
        int dref = text.indexOf("dref", text.indexOf("vmhd")) - 4;
        int length = ByteBuffer.wrap(mov).getInt(dref);
        byte[] path = other.toString().getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream alias = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(alias);
        out.write(new byte[10]);
        out.write(new byte[28]); // volume
        out.write(new byte[12]);
        out.write(new byte[64]); // file name
        out.write(new byte[16]);
        out.writeShort(1);
        out.writeShort(1);
        out.write(new byte[16]);
        out.writeShort(18); // the absolute path
        out.writeShort(path.length);
        out.write(path);
        out.write(new byte[path.length % 2]);
        out.writeShort(-1);
        out.writeShort(0);
        ByteBuffer box = ByteBuffer.allocate(16 + 12 + alias.size());
        box.putInt(box.capacity())
                .put("dref".getBytes(StandardCharsets.US_ASCII))
                .putInt(0)
                .putInt(1);
        box.putInt(12 + alias.size())
                .put("alis".getBytes(StandardCharsets.US_ASCII))
                .putInt(0);
        box.put(alias.toByteArray());
        int more = box.capacity() - length;
        ByteBuffer result = ByteBuffer.allocate(mov.length + more);
        result.put(mov, 0, dref).put(box.array()).put(mov, dref + length, mov.length - dref - length);
        for (String parent : List.of("moov", "trak", "mdia", "minf", "dinf")) {
            int at = (parent.equals("dinf") ? text.lastIndexOf(parent, dref) : text.indexOf(parent)) - 4;
            result.putInt(at, result.getInt(at) + more);
        }
        return result.array();
    }
}
