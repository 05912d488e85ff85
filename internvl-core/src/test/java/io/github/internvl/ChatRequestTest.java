package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.Video;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ChatRequestTest {
    private final List<Image> frames = IntStream.range(0, 20)
            .mapToObj(k -> Image.ofRgb(1, 1, new byte[] {(byte) k, 0, 0}))
            .toList();

    private final Video video = Video.of(frames, 2);

    @Test
    void writesALineForEachFrameOfAVideo() {
        ChatRequest request =
                ChatRequest.builder().text("What moves?").video(video, 3).build();
        assertThat(request.text()).isEqualTo("Frame1: <image>\nFrame2: <image>\nFrame3: <image>\nWhat moves?");
        assertThat(request.images()).containsExactly(frames.get(3), frames.get(9), frames.get(16));
        assertThat(request.tiling().maxTiles()).hasValue(1);
    }

    @Test
    void takesThirtyTwoFramesUnlessToldOtherwise() {
        ChatRequest.Builder request = ChatRequest.builder().text("What moves?");
        assertThat(request.video(video).build().images()).hasSize(32);
        assertThat(request.video(video, Video.Sampling.all().between(1, 2))
                        .build()
                        .images())
                .isEqualTo(frames.subList(2, 5));
    }

    @Test
    void leavesTagsOfTheTextAsTheyAre() {
        String text = "At 0 s: <image>\nAt 5 s: <image>\nWhat has changed?";
        assertThat(ChatRequest.builder().video(video, 2).text(text).build().text())
                .isEqualTo(text);
    }

    @Test
    void keepsTheVideoWhenOnlyTheTextChanges() {
        ChatRequest first =
                ChatRequest.builder().text("What moves?").video(video, 1).build();
        assertThat(first.toBuilder().text("Where?").build().text()).isEqualTo("Frame1: <image>\nWhere?");
        assertThat(first.toBuilder().maxTiles(6).build().tiling().maxTiles()).hasValue(6);
    }

    @Test
    void replacesAVideoByPicturesAndTheOtherWayRound() {
        ChatRequest.Builder request = ChatRequest.builder().video(video, 2).text("What is it?", frames.get(0));
        assertThat(request.build().text()).isEqualTo("What is it?");
        assertThat(request.build().tiling()).isEqualTo(ChatRequest.Tiling.OPEN);
        assertThat(request.video(video, 2).build().images()).hasSize(2);
    }

    @Test
    void asksOnAboutAVideoInAConversation() {
        List<Image> scene = Stream.of("frame_1.png", "frame_2.png", "frame_3.png", "frame_4.png")
                .map(name -> Image.open(TinyCheckpoint.picture(name)))
                .toList();
        ChatRequest question = ChatRequest.builder()
                .text("What moves?")
                .video(Video.of(scene), Video.Sampling.all())
                .build();
        try (InternVL model = InternVL.load(TinyCheckpoint.qwen())) {
            Conversation talk = model.conversation();
            ChatResponse first = talk.ask(question);
            ChatResponse second = talk.ask("Which way?");
            ChatRequest.Turn recorded = talk.history().get(0);
            assertThat(recorded.question()).isEqualTo(question.text());
            assertThat(recorded.images()).isEqualTo(scene);
            assertThat(recorded.tiling().maxTiles()).hasValue(1);
            assertThat(second.usage().visualTokens()).isEqualTo(first.usage().visualTokens());
            assertThat(first.text())
                    .isEqualTo(model.chat(ChatRequest.builder()
                                    .text(question.text())
                                    .images(scene)
                                    .maxTiles(1)
                                    .build())
                            .text());
        }
    }
}
