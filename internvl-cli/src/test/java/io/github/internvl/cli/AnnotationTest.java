package io.github.internvl.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.ChatResponse;
import io.github.internvl.vision.Image;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AnnotationTest {
    private static final int GRAY = 0xFF808080;

    @TempDir
    Path folder;

    @Test
    void framesTheBoxAndLeavesTheRestAlone() throws IOException {
        BufferedImage drawn = draw("out.png", new ChatResponse.Box("", 250, 500, 750, 750));
        int frame = drawn.getRGB(100, 200);
        assertThat(frame).isNotEqualTo(GRAY);
        assertThat(drawn.getRGB(299, 299)).isEqualTo(frame);
        assertThat(drawn.getRGB(200, 200)).isEqualTo(frame);
        assertThat(List.of(
                        drawn.getRGB(200, 250),
                        drawn.getRGB(99, 200),
                        drawn.getRGB(100, 199),
                        drawn.getRGB(300, 299),
                        drawn.getRGB(299, 300)))
                .containsOnly(GRAY);
    }

    @Test
    void writesTheLabelAboveItsBox() throws IOException {
        BufferedImage drawn = draw("out.png", new ChatResponse.Box("red circle", 250, 500, 750, 750));
        int frame = drawn.getRGB(100, 250);
        assertThat(drawn.getRGB(100, 198)).isEqualTo(frame);
        assertThat(drawn.getRGB(0, 198)).isEqualTo(GRAY);
    }

    @Test
    void keepsLabelsAtTheEdgesInside() throws IOException {
        BufferedImage drawn = draw("out.png", new ChatResponse.Box("at the upper right", 980, 0, 1000, 100));
        assertThat(drawn.getRGB(399, 10)).isNotEqualTo(GRAY);
        assertThat(drawn.getRGB(360, 1)).isEqualTo(drawn.getRGB(399, 1)).isNotEqualTo(GRAY);
    }

    @Test
    void givesEachLabelAColor() throws IOException {
        BufferedImage drawn = draw(
                "out.png",
                new ChatResponse.Box("cat", 0, 500, 100, 600),
                new ChatResponse.Box("dog", 500, 500, 600, 600),
                new ChatResponse.Box("cat", 800, 800, 900, 900));
        assertThat(drawn.getRGB(0, 220))
                .isEqualTo(drawn.getRGB(320, 350))
                .isNotEqualTo(drawn.getRGB(200, 220))
                .isNotEqualTo(GRAY);
    }

    @ParameterizedTest
    @ValueSource(strings = {"out.jpg", "out.JPEG"})
    void writesJpegByItsEnding(String name) throws IOException {
        BufferedImage drawn = draw(name, new ChatResponse.Box("dog", 250, 500, 750, 750));
        assertThat(drawn.getWidth()).isEqualTo(400);
        byte[] bytes = Files.readAllBytes(folder.resolve(name));
        assertThat(Arrays.copyOf(bytes, 3)).containsExactly(0xFF, 0xD8, 0xFF);
    }

    @Test
    void replacesAFileAndLeavesNothingElse() throws IOException {
        Files.writeString(folder.resolve("out.png"), "before");
        draw("out.png", new ChatResponse.Box("dog", 0, 0, 1000, 1000));
        assertThat(folder).isDirectoryContaining("glob:**/out.png");
        assertThat(folder.toFile().list()).hasSize(1);
    }

    @Test
    void leavesNothingWhereItFails() throws IOException {
        Path target = Files.createDirectories(folder.resolve("out.png/full")).getParent();
        assertThatThrownBy(() -> draw("out.png", new ChatResponse.Box("dog", 0, 0, 1000, 1000)))
                .isInstanceOf(IOException.class);
        assertThat(folder.toFile().list()).containsExactly("out.png");
        assertThat(target).isDirectory();
    }

    @Test
    void drawsBoxesOfAPixel() throws IOException {
        assertThat(draw("out.png", new ChatResponse.Box("", 500, 500, 500, 500)).getRGB(200, 200))
                .isNotEqualTo(GRAY);
    }

    private BufferedImage draw(String name, ChatResponse.Box... boxes) throws IOException {
        byte[] gray = new byte[400 * 400 * 3];
        Arrays.fill(gray, (byte) 0x80);
        Annotation.at(folder.resolve(name)).write(Image.ofRgb(400, 400, gray), List.of(boxes));
        return ImageIO.read(folder.resolve(name).toFile());
    }
}
