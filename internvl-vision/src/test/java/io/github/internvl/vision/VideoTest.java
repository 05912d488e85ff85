package io.github.internvl.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.internvl.vision.spi.MediaException;
import io.github.internvl.vision.spi.MediaException.Reason;
import io.github.internvl.vision.spi.Pixels;
import io.github.internvl.vision.spi.VideoDecoder;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VideoTest {
    private final List<Image> frames = IntStream.range(0, 12)
            .mapToObj(k -> Image.ofRgb(1, 1, new byte[] {(byte) k, 0, 0}))
            .toList();

    @Test
    void takesFramesFromAList() {
        Video video = Video.of(frames, 2);
        assertThat(numbers(video.sample(Video.Sampling.frames(4)))).containsExactly(1, 4, 7, 9);
        assertThat(numbers(video.sample(Video.Sampling.frames(2).between(1, 3))))
                .containsExactly(3, 5);
        assertThat(video.sample(Video.Sampling.all())).isEqualTo(frames);
        assertThat(video).hasToString("Video[video frames, 12 frames, 2.0 per second]");
    }

    @Test
    void readsAFolderInTheOrderOfItsNumbers(@TempDir Path folder) throws IOException {
        for (int k = 0; k < 12; k++) {
            BufferedImage picture = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB);
            picture.setRGB(0, 0, k << 16);
            ImageIO.write(picture, "png", folder.resolve("frame-" + k + ".png").toFile());
        }
        Files.writeString(folder.resolve("notes.txt"), "not a frame");
        Files.writeString(folder.resolve(".frame-0.png"), "not a frame");
        assertThat(numbers(Video.folder(folder).sample(Video.Sampling.all())))
                .isEqualTo(IntStream.range(0, 12).boxed().toList());
    }

    @Test
    void asksASourceForEachFrameOnceAndInOrder() {
        List<int[]> asked = new ArrayList<>();
        Video video = Video.of(new VideoDecoder.Frames() {
            @Override
            public int frameCount() {
                return 3;
            }

            @Override
            public double framesPerSecond() {
                return 1;
            }

            @Override
            public List<Pixels> read(int[] indices) {
                asked.add(indices);
                return Arrays.stream(indices)
                        .mapToObj(k -> new Pixels(1, 1, new byte[] {(byte) k, 0, 0}))
                        .toList();
            }
        });
        assertThat(numbers(video.sample(Video.Sampling.frames(6)))).containsExactly(0, 0, 1, 1, 1, 2);
        assertThat(asked).containsExactly(new int[] {0, 1, 2});
    }

    @Test
    void saysWhichArtifactDecodesVideoFiles(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("clip.mp4"), "....ftypisom");
        assertThatExceptionOfType(MediaException.class)
                .isThrownBy(() -> Video.open(file))
                .withMessageStartingWith(file + ": needs a decoder")
                .withMessageEndingWith("add the artifact io.github.internvl:internvl-video")
                .extracting(MediaException::reason)
                .isEqualTo(Reason.NO_DECODER);
    }

    @Test
    void namesWhatIsNoVideo(@TempDir Path folder) throws IOException {
        Path missing = folder.resolve("missing.mp4");
        assertThatExceptionOfType(MediaException.class)
                .isThrownBy(() -> Video.open(missing))
                .withMessage(missing + ": must be readable: no such file; check the path")
                .extracting(MediaException::reason)
                .isEqualTo(Reason.UNREADABLE);
        Path empty = Files.createFile(folder.resolve("empty.mp4"));
        assertThat(reason(() -> Video.open(empty))).isEqualTo(Reason.EMPTY);
        assertThat(reason(() -> Video.of(List.of()))).isEqualTo(Reason.EMPTY);
        assertThat(reason(() -> Video.folder(folder))).isEqualTo(Reason.EMPTY);
        assertThat(reason(() -> Video.folder(missing))).isEqualTo(Reason.UNREADABLE);
    }

    @Test
    void namesTheVideoWhoseEndTheBoundsMiss(@TempDir Path folder) throws IOException {
        ImageIO.write(
                new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB),
                "png",
                folder.resolve("1.png").toFile());
        assertThatExceptionOfType(MediaException.class)
                .isThrownBy(() ->
                        Video.folder(folder).sample(Video.Sampling.frames(1).between(5, 9)))
                .withMessageStartingWith(folder + ": the frames from 5.0 s")
                .extracting(MediaException::reason)
                .isEqualTo(Reason.OUT_OF_RANGE);
    }

    @Test
    void refusesOptionsThatMakeNoSense() {
        Video.Options options = Video.Options.defaults();
        assertThatIllegalArgumentException().isThrownBy(() -> options.withMaxBytes(0));
        assertThatIllegalArgumentException().isThrownBy(() -> options.withMaxFramePixels(1L << 31));
        assertThatIllegalArgumentException().isThrownBy(() -> options.withMaxPixels(0));
        assertThatIllegalArgumentException().isThrownBy(() -> options.withTimeout(Duration.ZERO));
        assertThatIllegalArgumentException().isThrownBy(() -> Video.of(frames, 0));
    }

    private static Reason reason(Runnable call) {
        return catchThrowableOfType(MediaException.class, call::run).reason();
    }

    private static List<Integer> numbers(List<Image> images) {
        return images.stream().map(image -> image.rgb().get(0) & 0xff).toList();
    }
}
