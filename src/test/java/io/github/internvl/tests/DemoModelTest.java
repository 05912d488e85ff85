package io.github.internvl.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.Box;
import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.ChatStream;
import io.github.internvl.Conversation;
import io.github.internvl.InternVL;
import io.github.internvl.Precision;
import io.github.internvl.demo.DemoModel;
import io.github.internvl.tests.HeldOut.Answered;
import io.github.internvl.tests.HeldOut.Score;
import io.github.internvl.vision.Image;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Asks the demo model what a person would ask, and expects the truth. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(600)
class DemoModelTest {
    private static final String LOCATE =
            "Please provide the bounding box coordinate of the region this sentence describes: <ref>%s</ref>";
    private static final String DESCRIPTION =
            "A red circle, a green star, an orange triangle and a blue square on a white background.";

    private final InternVL model = InternVL.builder(DemoModel.path())
            .device("cpu")
            .precision(Precision.FLOAT32)
            .load();
    private final Image shapes = sample("shapes.png");
    private List<Answered> heldOut = List.of();

    @BeforeAll
    void answerHeldOutQuestions() {
        heldOut = HeldOut.small().answers(model);
    }

    @AfterAll
    void close() {
        model.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "shapes.png      | Describe this image.                                 | " + DESCRIPTION,
                "shapes.png      | How many shapes are there?                           | 4",
                "shapes.png      | How many stars are there?                            | 1",
                "shapes.png      | What color is the star?                              | green",
                "shapes.png      | Which shape is orange?                               | triangle",
                "shapes.png      | Where is the blue square?                            | top right",
                "shapes.png      | Where is the blue square relative to the red circle? | right of",
                "shapes.png      | Is the green star above the red circle?              | No",
                "shapes.png      | Is there a green star?                               | Yes",
                "shapes.png      | Is there a pink heart?                               | No, I do not see a pink heart.",
                "shapes.png      | 图中有几个图形？                                      | 4个",
                "shapes-wide.png | How many shapes are there?                           | 4",
                "shapes-wide.png | Where is the orange triangle?                        | bottom right",
                "word.png        | What does the text say?                              | COFFEE",
                "number.png      | What number is written?                              | 472",
                "chart.png       | Which bar is the highest?                            | D",
                "chart.png       | What is the value of E?                              | 5",
                "chart.png       | How many bars are there?                             | 5"
            })
    void answersAboutAPicture(String picture, String question, String answer) {
        assertThat(model.chat(question, sample(picture)).text()).isEqualTo(answer);
    }

    @ParameterizedTest
    @CsvSource({
        "shapes.png, red circle, 120, 160, 380, 420",
        "shapes.png, orange triangle, 600, 590, 850, 830",
        "shapes-wide.png, green star, 140, 600, 270, 850"
    })
    void findsAnObject(String picture, String name, int x1, int y1, int x2, int y2) {
        List<Box> boxes = model.chat(LOCATE.formatted(name), sample(picture)).boxes();
        assertThat(boxes).extracting(Box::label).containsExactly(name);
        assertThat(HeldOut.overlap(boxes, new Box(name, x1, y1, x2, y2))).isGreaterThan(0.5);
    }

    @Test
    void answersAFollowUpFromItsHistory() {
        Conversation talk = model.conversation();
        assertThat(talk.ask("What shape is green?", shapes).text()).isEqualTo("star");
        assertThat(talk.ask("Where is it?").text()).isEqualTo("bottom left");
    }

    @Test
    void answersABatchAsSingleQuestions() {
        List<ChatRequest> requests = List.of(
                ChatRequest.of("Describe this image.", shapes),
                ChatRequest.of("What number is written?", sample("number.png")),
                clip("What moves in the video?"),
                pair("Are the two images the same?"),
                ChatRequest.of("Who are you?"));
        assertThat(model.batchChat(requests))
                .extracting(ChatResponse::text)
                .containsExactly(
                        DESCRIPTION,
                        "472",
                        "The red circle moves.",
                        "No",
                        "I am InternVL, a small model that answers questions about pictures.");
    }

    @Test
    void streamsAnAnswer() {
        List<String> pieces = new ArrayList<>();
        try (ChatStream stream = model.stream("Describe this image.", shapes)) {
            stream.forEach(pieces::add);
        }
        assertThat(pieces).hasSizeGreaterThan(5);
        assertThat(String.join("", pieces)).isEqualTo(DESCRIPTION);
    }

    @Test
    void comparesTwoPictures() {
        assertThat(model.chat(pair("What differs between the two images?")).text())
                .isEqualTo("Image-2 has a yellow square instead of a blue square.");
        assertThat(model.chat(pair("Which image shows a yellow square?")).text())
                .isEqualTo("In Image-2");
    }

    @Test
    void followsTheFramesOfAClip() {
        assertThat(model.chat(clip("Which way does the ball move?")).text()).isEqualTo("It moves to the right.");
        assertThat(model.chat(clip("Describe the video.")).text()).isEqualTo("The red circle moves to the right.");
    }

    @Test
    void answersInSixteenBitsToo() {
        try (InternVL loaded = InternVL.builder(DemoModel.path())
                .device("cpu")
                .precision(Precision.BFLOAT16)
                .load()) {
            assertThat(loaded.chat("Describe this image.", shapes).text()).isEqualTo(DESCRIPTION);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0.95 | color shape count count_kind",
                "0.90 | relation position extreme",
                "0.90 | word number",
                "0.90 | chart_bar chart_value",
                "0.85 | pair difference clip",
                "0.85 | box",
                "0.85 | caption presence absence followup chinese chat"
            })
    void answersHeldOutQuestions(double share, String kinds) {
        assertRight(
                share,
                answered ->
                        List.of(kinds.split(" ")).contains(answered.question().kind()));
    }

    @Test
    void answersMostHeldOutQuestions() {
        assertRight(0.9, answered -> true);
    }

    private void assertRight(double share, Predicate<Answered> asked) {
        List<Answered> answers = heldOut.stream().filter(asked).toList();
        String wrong = answers.stream()
                .filter(Predicate.not(Answered::isRight))
                .map(Answered::toString)
                .collect(Collectors.joining("\n"));
        assertThat(Score.of(answers.stream()).share())
                .as("share of %d right answers; wrong are\n%s", answers.size(), wrong)
                .isGreaterThanOrEqualTo(share);
    }

    private static ChatRequest pair(String question) {
        return ChatRequest.of(
                "Image-1: <image>\nImage-2: <image>\n" + question, sample("shapes.png"), sample("shapes-changed.png"));
    }

    private static ChatRequest clip(String question) {
        List<Image> frames = Stream.of("clip-1.png", "clip-2.png", "clip-3.png", "clip-4.png")
                .map(DemoModelTest::sample)
                .toList();
        String tags = IntStream.rangeClosed(1, frames.size())
                .mapToObj(number -> "Frame" + number + ": <image>\n")
                .collect(Collectors.joining());
        return ChatRequest.builder()
                .text(tags + question)
                .images(frames)
                .maxTiles(1)
                .build();
    }

    private static Image sample(String name) {
        return Image.open(DemoModel.sample(name));
    }
}
