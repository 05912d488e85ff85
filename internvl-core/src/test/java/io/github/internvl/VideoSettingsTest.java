package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.Video;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A checkpoint whose video processor has other settings than its image processor, as some published ones have. */
class VideoSettingsTest {
    private static final Image LAND = Image.open(TinyCheckpoint.picture("river.png"));

    @TempDir
    Path folder;

    @Test
    void answersAboutPicturesAndRefusesVideosByTheSetting() throws IOException {
        TinyCheckpoint.copy(TinyCheckpoint.internlm2Native(), folder);
        Files.writeString(
                folder.resolve("video_preprocessor_config.json"), "{\"size\": {\"height\": 384, \"width\": 384}}");
        try (InternVL model = InternVL.load(folder)) {
            assertThat(model.chat("What is it?", LAND).text()).isNotEmpty();

            Video video = Video.of(List.of(LAND, LAND));
            for (String question : List.of("What moves?", "<image> What moves?")) {
                assertRefused(model, ChatRequest.builder().text(question).video(video, 1));
            }
            ChatRequest.Turn earlier = new ChatRequest.Turn(
                    "Frame1: <image>\nWhat moves?", List.of(LAND), ChatRequest.Tiling.OPEN.withMaxTiles(1), "A boat.");
            assertRefused(model, ChatRequest.builder().text("Where to?").history(List.of(earlier)));
        }
    }

    private static void assertRefused(InternVL model, ChatRequest.Builder request) {
        ChatRequest built = request.build();
        assertThatThrownBy(() -> model.chat(built))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageStartingWith("a video must be for a model whose video processor has the settings")
                .hasMessageContaining("video_preprocessor_config.json: size: unknown value '384'");
    }
}
