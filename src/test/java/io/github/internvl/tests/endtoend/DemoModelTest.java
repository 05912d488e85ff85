package io.github.internvl.tests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.ChatStream;
import io.github.internvl.Conversation;
import io.github.internvl.InternVL;
import io.github.internvl.OutputFormat;
import io.github.internvl.Precision;
import io.github.internvl.benchmark.HeldOut;
import io.github.internvl.benchmark.HeldOut.Answered;
import io.github.internvl.demo.DemoModel;
import io.github.internvl.vision.Image;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Asks the demo model what a person would ask, and expects the truth, as far as the model has learned it by now: the
 * shares of right answers to held-out questions are floors, at what was measured or a little under it.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(600)
class DemoModelTest {
    private static final String LOCATE =
            "Please provide the bounding box coordinate of the region this sentence describes: <ref>%s</ref>";
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
                "shapes.png      | How many shapes are there?                           | 4",
                "shapes.png      | How many stars are there?                            | 1",
                "shapes.png      | What color is the star?                              | green",
                "shapes.png      | Which shape is orange?                               | triangle",
                "shapes.png      | Where is the blue square?                            | top right",
                "shapes.png      | Where is the blue square relative to the red circle? | right of",
                "shapes.png      | Is the green star above the red circle?              | No",
                "shapes.png      | Is there a green star?                               | Yes",
                "shapes.png      | Is there a pink heart?                               | No, I do not see a pink heart.",
                "shapes.png      | What do you see?                                     | A red circle, a green star, an orange triangle and a blue square on a white background.",
                "shapes.png      | Which shape is leftmost?                             | red circle",
                "shapes-wide.png | Where is the orange triangle?                        | bottom right",
                "shapes-wide.png | What color is the star?                              | green",
                "shapes-wide.png | Describe this image.                                 | A red circle, a green star, an orange triangle and a blue square on a beige background.",
                "word.png        | What does the text say?                              | COFFEE",
                "word.png        | Spell the text.                                      | C-O-F-F-E-E",
                "number.png      | What number is written?                              | 472",
                "chart.png       | Which bar is the highest?                            | D",
                "chart.png       | What is the value of E?                              | 5",
                "chart.png       | How many bars are there?                             | 5",
                "chart.png       | Describe the chart.                                  | A bar chart: A 4, B 4, C 1, D 10, E 5."
            })
    void answersAboutAPicture(String picture, String question, String answer) {
        assertThat(model.chat(question, sample(picture)).text()).isEqualTo(answer);
    }

    @ParameterizedTest
    @CsvSource({
        "red circle,      116, 161, 375, 420",
        "blue square,     620, 152, 853, 384",
        "green star,      136, 598, 399, 849",
        "orange triangle, 598, 592, 853, 833"
    })
    void findsWhatIsAskedFor(String name, int left, int top, int right, int bottom) {
        List<ChatResponse.Box> boxes =
                model.chat(LOCATE.formatted(name), shapes).boxes();
        assertThat(boxes).extracting(ChatResponse.Box::label).containsExactly(name);
        assertThat(HeldOut.overlap(boxes, new ChatResponse.Box(name, left, top, right, bottom)))
                .isGreaterThan(0.6);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "What color is the star?   | red green blue orange | green",
                "Which shape is orange?    | circle triangle star  | triangle",
                "Is there a green star?    | Yes No                | Yes"
            })
    void choosesTheRightOne(String question, String choices, String answer) {
        ChatRequest request = ChatRequest.builder()
                .text(question, shapes)
                .format(OutputFormat.choice(choices.split(" ")))
                .build();
        assertThat(model.chat(request).text()).isEqualTo(answer);
    }

    @Test
    void answersInJson() {
        String schema = """
                {"type": "object", "additionalProperties": false, "required": ["color", "size"], "properties": {
                  "color": {"enum": ["red", "green", "blue"]},
                  "size": {"type": "integer", "minimum": 1, "maximum": 12},
                  "note": {"type": "string", "maxLength": 20}}}""";
        ChatResponse response = model.chat(ChatRequest.builder()
                .text("What color is the star?", shapes)
                .format(OutputFormat.jsonSchema(schema))
                .build());
        JsonObject json = JsonParser.parseString(response.text()).getAsJsonObject();
        assertThat(response.finishReason()).isEqualTo(FinishReason.STOP);
        assertThat(json.get("color").getAsString()).isIn("red", "green", "blue");
        assertThat(json.get("size").getAsInt()).isBetween(1, 12);
    }

    @Test
    void answersInAConversation() {
        Conversation talk = model.conversation();
        assertThat(talk.ask("What color is the star?", shapes).text()).isEqualTo("green");
        assertThat(talk.ask("And the square?").text()).isEqualTo("blue");
        assertThat(talk.ask("And the circle?").text()).isEqualTo("red");
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
                ChatRequest.of("Where is the blue square?", shapes),
                ChatRequest.of("How many bars are there?", sample("chart.png")),
                clip("What moves in the video?"),
                pair("What differs between the two images?"),
                ChatRequest.of("Who are you?"));
        assertThat(model.batchChat(requests))
                .extracting(ChatResponse::text)
                .containsExactly(
                        "top right",
                        "5",
                        "The red circle moves.",
                        "Image-2 has a yellow square instead of a blue square.",
                        "I am InternVL, a small model that answers questions about pictures.");
    }

    @Test
    void streamsAnAnswer() {
        List<String> pieces = new ArrayList<>();
        try (ChatStream stream = model.stream("Describe this image.", shapes)) {
            stream.forEach(pieces::add);
        }
        assertThat(pieces).hasSizeGreaterThan(5);
        assertThat(String.join("", pieces))
                .startsWith("A red circle, a green star,")
                .endsWith("on a white background.")
                .isEqualTo(model.chat("Describe this image.", shapes).text());
    }

    @Test
    void comparesTwoPictures() {
        assertThat(model.chat(pair("Are the two images the same?")).text()).isEqualTo("No");
        assertThat(model.chat(pair("Are the two images the same?", shapes)).text())
                .isEqualTo("Yes");
        assertThat(model.chat(pair("What differs between the two images?")).text())
                .isEqualTo("Image-2 has a yellow square instead of a blue square.");
        assertThat(model.chat(pair("What differs between the two images?", shapes))
                        .text())
                .isEqualTo("Nothing differs.");
    }

    @ParameterizedTest
    @CsvSource({"a yellow square, In Image-2", "a red circle, In both images", "an orange triangle, In both images"})
    void tellsWhichPictureShowsSomething(String name, String answer) {
        assertThat(model.chat(pair("Which image shows " + name + "?")).text()).isEqualTo(answer);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Image-1: <image> Image-2: <image> ", "<image>\n<image>\n"})
    void comparesTwoPicturesHoweverTheyAreNamed(String names) {
        String question = names + "Are the two images the same?";
        assertThat(model.chat(question, shapes, shapes).text()).isEqualTo("Yes");
        assertThat(model.chat(question, shapes, sample("shapes-changed.png")).text())
                .isEqualTo("No");
        String difference = names + "What differs between the two images?";
        assertThat(model.chat(difference, shapes, sample("shapes-changed.png")).text())
                .isEqualTo("Image-2 has a yellow square instead of a blue square.");
    }

    @Test
    void followsTheFramesOfAClip() {
        assertThat(model.chat(clip("Which way does the ball move?")).text()).isEqualTo("It moves to the right.");
        assertThat(model.chat(clip("Describe the video.")).text()).isEqualTo("The red circle moves to the right.");
        assertThat(model.chat(clip("Which way does the ball move?", 4, 3, 2, 1)).text())
                .isEqualTo("It moves to the left.");
        assertThat(model.chat(clip("Which way does the ball move?", 2, 2, 2, 2)).text())
                .isEqualTo("It does not move.");
    }

    @Test
    void answersInSixteenBitsToo() {
        try (InternVL loaded = InternVL.builder(DemoModel.path())
                .device("cpu")
                .precision(Precision.BFLOAT16)
                .load()) {
            assertThat(loaded.chat("Where is the blue square?", shapes).text()).isEqualTo("top right");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0.95 | color shape count count_kind",
                "0.93 | relation position extreme",
                "0.90 | chart_bar chart_value",
                "0.90 | pair clip",
                "1.00 | difference",
                "0.90 | word number letter",
                "0.80 | box",
                "0.89 | caption presence absence followup chinese chat"
            })
    void answersHeldOutQuestions(double share, String kinds) {
        assertRight(
                share,
                answered ->
                        List.of(kinds.split(" ")).contains(answered.question().kind()));
    }

    @Test
    void answersMostHeldOutQuestions() {
        assertRight(0.94, answered -> true);
    }

    private void assertRight(double share, Predicate<Answered> asked) {
        DemoTalkTest.assertRight(share, heldOut.stream().filter(asked));
    }

    private static ChatRequest pair(String question) {
        return pair(question, sample("shapes-changed.png"));
    }

    private static ChatRequest pair(String question, Image second) {
        return ChatRequest.of("Image-1: <image>\nImage-2: <image>\n" + question, sample("shapes.png"), second);
    }

    private static ChatRequest clip(String question) {
        return clip(question, 1, 2, 3, 4);
    }

    private static ChatRequest clip(String question, int... shown) {
        List<Image> frames = IntStream.of(shown)
                .mapToObj(number -> sample("clip-" + number + ".png"))
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
