package io.github.internvl.video;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.internvl.vision.Image;
import io.github.internvl.vision.Video;
import io.github.internvl.vision.spi.MediaException;
import io.github.internvl.vision.spi.MediaException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FfmpegVideoDecoderTest {
    @TempDir
    private Path folder = Path.of("");

    @ParameterizedTest
    @CsvSource({
        "mpeg4,         a.mp4",
        "mpeg4,         a.mkv",
        "mpeg4,         a.avi",
        "libopenh264,   a.mov",
        "libvpx,        a.webm",
        "libvpx-vp9,    a.webm",
        "libaom-av1,    a.mp4",
        "mpeg2video,    a.ts",
        "mpeg2video,    a.mpg",
        "flv,           a.flv",
        "ffv1,          a.mkv"
    })
    void takesTheSameFramesOneByOneAsAllTogether(String codec, String name) {
        Clip clip = Clip.of(codec);
        Video video = Video.open(clip.write(folder.resolve(name)));
        assertThat(video.frameCount()).isEqualTo(clip.frames());
        assertThat(video.framesPerSecond()).isEqualTo(clip.framesPerSecond());
        List<Image> all = video.sample(Video.Sampling.all());
        assertThat(all)
                .extracting(Clip::number)
                .isEqualTo(IntStream.range(0, clip.frames()).boxed().toList());
        for (int number = clip.frames() - 1; number >= 0; number -= 3) {
            double time = number / video.framesPerSecond();
            assertThat(video.sample(Video.Sampling.frames(1).between(time, time)))
                    .singleElement()
                    .extracting(Image::contentHash)
                    .isEqualTo(all.get(number).contentHash());
        }
        assertThat(video.sample(Video.Sampling.frames(4)))
                .extracting(Clip::number)
                .containsExactly(4, 14, 24, 33);
    }

    @Test
    void readsBytesAsItReadsAFile() throws IOException {
        Path file = Clip.of("mpeg4").write(folder.resolve("a.mp4"));
        List<Image> fromBytes = Video.of(Files.readAllBytes(file)).sample(Video.Sampling.frames(5));
        assertThat(fromBytes)
                .extracting(Image::contentHash)
                .isEqualTo(Video.open(file).sample(Video.Sampling.frames(5)).stream()
                        .map(Image::contentHash)
                        .toList());
    }

    @ParameterizedTest
    @CsvSource({"1, 0, 1, -1, 0", "2, -1, 0, 0, -1", "3, 0, -1, 1, 0"})
    void turnsFramesAsTheFileSays(int quarters, int a, int b, int c, int d) throws IOException {
        byte[] mp4 = Files.readAllBytes(Clip.of("mpeg4").write(folder.resolve("a.mp4")));
        Image plain = Video.of(mp4).sample(Video.Sampling.frames(1)).get(0);
        ByteBuffer header = ByteBuffer.wrap(mp4);
        int at = new String(mp4, StandardCharsets.ISO_8859_1).indexOf("tkhd") + 44;
        header.putInt(at, a << 16)
                .putInt(at + 4, b << 16)
                .putInt(at + 12, c << 16)
                .putInt(at + 16, d << 16);
        Image turned = Video.of(mp4).sample(Video.Sampling.frames(1)).get(0);
        for (int turn = 0; turn < quarters; turn++) {
            plain = clockwise(plain);
        }
        assertThat(turned.contentHash()).isEqualTo(plain.contentHash());
    }

    private static Image clockwise(Image image) {
        int width = image.height();
        int height = image.width();
        byte[] turned = new byte[image.rgb().remaining()];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.rgb().get(((width - 1 - x) * height + y) * 3, turned, (y * width + x) * 3, 3);
            }
        }
        return Image.ofRgb(width, height, turned);
    }

    @Test
    void refusesAFileThatIsCut() throws IOException {
        byte[] whole = Files.readAllBytes(Clip.of("mpeg4").write(folder.resolve("a.mp4")));
        byte[] cut = Arrays.copyOf(whole, whole.length / 2);
        assertRefused(Reason.TRUNCATED, "its index cannot be read", () -> Video.of(cut));
    }

    @Test
    void refusesWhatIsNoVideo() {
        byte[] text = "This is no video, whatever its name. ".repeat(20).getBytes(StandardCharsets.UTF_8);
        assertRefused(Reason.NOT_A_VIDEO, "must be MP4, QuickTime, Matroska", () -> Video.of(text));
    }

    @Test
    void refusesACodecThatIsNotOnItsList() {
        Path file = Clip.of("snow").write(folder.resolve("a.avi"));
        assertRefused(
                Reason.UNSUPPORTED_FORMAT, ": snow;", () -> Video.open(file).sample(Video.Sampling.frames(1)));
    }

    @Test
    void keepsToTheLimits() throws IOException {
        byte[] clip = Files.readAllBytes(Clip.of("mpeg4").write(folder.resolve("a.mp4")));
        Video.Options options = Video.Options.defaults();
        assertRefused(
                Reason.TOO_LARGE, "at most 6143 pixels", () -> Video.of(clip, options.withMaxFramePixels(96 * 64 - 1)));
        assertRefused(
                Reason.TOO_LARGE,
                "at most 24575 pixels: 4 of 96 x 64",
                () -> Video.of(clip, options.withMaxPixels(96 * 64 * 4 - 1)).sample(Video.Sampling.frames(4)));
        assertRefused(
                Reason.TOO_SLOW,
                "at most PT0.000000001S",
                () -> Video.of(clip, options.withTimeout(Duration.ofNanos(1))));
    }

    @Test
    void givesAllMemoryBackAndWritesNothing() throws IOException, InterruptedException {
        Path whole = new Clip("mpeg4", 640, 480, 10, 20, 5, 2).write(folder.resolve("whole.mp4"));
        byte[] bytes = Files.readAllBytes(whole);
        Path cut = Files.write(folder.resolve("cut.mp4"), Arrays.copyOf(bytes, bytes.length / 2));
        byte[] noise = new byte[bytes.length / 4];
        new Random(1).nextBytes(noise);
        System.arraycopy(noise, 0, bytes, 200, noise.length);
        Path damaged = Files.write(folder.resolve("damaged.mp4"), bytes);
        String output = OwnProcess.output(40, List.of(whole, damaged, cut));
        assertThat(output.replaceAll(" .*", ""))
                .as("megabytes that the process grew by, of a frame's 0.9 MB each time: %s", output)
                .matches("[0-9]|[1-4][0-9]");
        assertThat(output).as("failures").endsWith(" 80");
    }

    @Test
    void doesNotCountTheWeightsOfAModelAsItsMemory() {
        Ffmpeg.load();
        assertThat(Pointer.maxPhysicalBytes()).isZero();
    }

    private static void assertRefused(Reason reason, String message, ThrowingCallable call) {
        assertThatExceptionOfType(MediaException.class)
                .isThrownBy(call)
                .withMessageContaining(message)
                .extracting(MediaException::reason)
                .isEqualTo(reason);
    }
}
