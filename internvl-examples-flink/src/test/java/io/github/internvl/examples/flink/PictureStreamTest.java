package io.github.internvl.examples.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.internvl.InternVL;
import io.github.internvl.demo.DemoModel;
import io.github.internvl.vision.Image;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class PictureStreamTest {
    @TempDir
    private Path folder;

    @Test
    void answersAsTheModelDoesAndGoesOnAfterABadPicture() throws Exception {
        assumeTrue(Runtime.version().feature() <= 21, "Flink runs on Java 17 and 21");
        Path broken = Files.write(folder.resolve("broken.png"), new byte[] {1, 2, 3});
        Path shapes = DemoModel.sample("shapes.png");
        Path word = DemoModel.sample("word.png");
        PrintStream standard = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            PictureStream.main(shapes.toString(), broken.toString(), word.toString());
        } finally {
            System.setOut(standard);
        }
        try (InternVL model = InternVL.load(DemoModel.path())) {
            assertThat(printed.toString(StandardCharsets.UTF_8))
                    .contains(
                            shapes + ","
                                    + model.chat("Describe the picture.", Image.open(shapes))
                                            .text(),
                            word + ","
                                    + model.chat("Describe the picture.", Image.open(word))
                                            .text(),
                            broken + ",error: ");
        }
    }
}
