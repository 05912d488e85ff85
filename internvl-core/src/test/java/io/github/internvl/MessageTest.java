package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.vision.Image;
import io.github.internvl.vision.Video;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The rules by which messages become a question and the rounds before it. */
class MessageTest {
    private static final Message.Clip CLIP = new Message.Clip(List.of(pixel(8), pixel(9)), ChatRequest.Tiling.OPEN);
    private static final Tool.Call FIRST = new Tool.Call("call_0", "find", "{\"color\":\"red\"}");
    private static final Tool.Call SECOND = new Tool.Call("call_1", "now", "");

    private final Image one = pixel(1);
    private final Image two = pixel(2);

    private static Image pixel(int value) {
        return Image.ofRgb(1, 1, new byte[] {(byte) value, 0, 0});
    }

    private static ChatRequest fold(Message... messages) {
        return ChatRequest.builder().messages(List.of(messages)).build();
    }

    private static Message.User user(Message.Content... contents) {
        return new Message.User(List.of(contents));
    }

    private static Message.Text text(String words) {
        return new Message.Text(words);
    }

    private static Message.Picture picture(Image image) {
        return Message.Picture.of(image);
    }

    private static Message.Picture picture(Image image, int maxTiles) {
        return new Message.Picture(image, ChatRequest.Tiling.OPEN.withMaxTiles(maxTiles));
    }

    @Test
    void makesRoundsOfQuestionsAndAnswers() {
        ChatRequest request = fold(
                Message.User.of("What is it?", one),
                Message.Assistant.of("A cup."),
                Message.User.of("And this?", two),
                Message.Assistant.of("A dish."),
                Message.User.of("Which is larger?"));
        assertThat(request.history())
                .containsExactly(
                        new ChatRequest.Turn("What is it?", List.of(one), "A cup."),
                        new ChatRequest.Turn("And this?", List.of(two), "A dish."));
        assertThat(request.text()).isEqualTo("Which is larger?");
        assertThat(request.images()).isEmpty();
        assertThat(request.systemMessage()).isNull();
    }

    @Test
    void joinsMessagesOfOneRole() {
        ChatRequest request = fold(
                Message.User.of("Here is a cup."),
                Message.User.of("What color?", one),
                Message.Assistant.of("Red."),
                Message.Assistant.of("Or orange."),
                Message.User.of("Sure?"),
                Message.User.of("Quite?"));
        assertThat(request.history())
                .containsExactly(new ChatRequest.Turn("Here is a cup.\nWhat color?", List.of(one), "Red.\nOr orange."));
        assertThat(request.text()).isEqualTo("Sure?\nQuite?");
    }

    @Test
    void tagsEachPictureWhereJoinedMessagesBringPicturesEach() {
        ChatRequest request = fold(
                Message.User.of("Look."),
                Message.User.of("This one.", one, two),
                Message.User.of("And"),
                Message.User.of("that one.", two));
        assertThat(request.text()).isEqualTo("<image>\n<image>\nLook.\nThis one.\nAnd\n<image>\nthat one.");
        assertThat(request.images()).containsExactly(one, two, two);
        assertThat(fold(user(text("a"), picture(one), text("b")), Message.User.of("c", two))
                        .text())
                .isEqualTo("a\n<image>\nb\n<image>\nc");
    }

    @Test
    void repeatsATagForSeveralPicturesWhereAnotherMessageBringsMore() {
        Message.User pair = Message.User.of("Compare <image> now.", one, two);
        assertThat(fold(pair, Message.User.of("To this.", one)).text())
                .isEqualTo("Compare <image>\n<image> now.\n<image>\nTo this.");
        assertThat(fold(Message.User.of("This.", one), Message.User.of("Words."), pair)
                        .text())
                .isEqualTo("<image>\nThis.\nWords.\nCompare <image>\n<image> now.");
        assertThat(fold(pair, Message.User.of("Words."), pair).text())
                .isEqualTo("Compare <image>\n<image> now.\nWords.\nCompare <image>\n<image> now.");
        assertThat(fold(pair, Message.User.of("Words.")).text()).isEqualTo("Compare <image> now.\nWords.");
    }

    @Test
    void putsSystemMessagesOfAnyPlaceAtTheBeginning() {
        ChatRequest request = fold(
                new Message.System("Be brief."),
                Message.User.of("Why?"),
                new Message.System("No <image> here."),
                Message.Assistant.of("So."),
                new Message.System("Be kind."),
                Message.User.of("And now?"));
        assertThat(request.systemMessage()).isEqualTo("Be brief.\n\nNo < image> here.\n\nBe kind.");
        assertThat(request.history()).containsExactly(new ChatRequest.Turn("Why?", "So."));
    }

    @Test
    void leavesPicturesAroundTheWordsWithoutATag() {
        assertThat(fold(user(picture(one), picture(two), text("What changed?"))).text())
                .isEqualTo("What changed?");
        assertThat(fold(user(text("What"), text("changed?"), picture(one), picture(two)))
                        .text())
                .isEqualTo("What\nchanged?");
        assertThat(fold(user(picture(one))).text()).isEmpty();
    }

    @Test
    void placesPicturesThatStandBetweenWords() {
        ChatRequest request =
                fold(user(text("Image-1:"), picture(one), text("Image-2: "), picture(two), text("What changed?")));
        assertThat(request.text()).isEqualTo("Image-1: <image>\nImage-2: <image>\nWhat changed?");
        assertThat(request.images()).containsExactly(one, two);
        assertThat(fold(user(picture(one), text("or"), picture(two))).text()).isEqualTo("<image>\nor\n<image>");
    }

    @Test
    void takesTagsOfAMessageWithPicturesForTheirPlaces() {
        String tagged = "Image-1: <image>\nImage-2: <image>\nWhat changed?";
        assertThat(fold(user(text(tagged), picture(one), picture(two))).text()).isEqualTo(tagged);
        assertThat(fold(Message.User.of("From <image> to <image>?", one, two)).text())
                .isEqualTo("From <image> to <image>?");
    }

    @Test
    void takesOtherTagsForText() {
        ChatRequest request = fold(
                Message.User.of("What does <image> mean?"),
                new Message.Assistant("<image>?", List.of(new Tool.Call("a", "f", "{\"x\": \"<image>\"}"))),
                new Message.ToolResult("a", "<image>"),
                user(CLIP, text("Not <image>.")));
        ChatRequest.Turn round = request.history().get(0);
        assertThat(round.question()).isEqualTo("What does < image> mean?");
        assertThat(round.answer())
                .doesNotContain("<image>")
                .startsWith("< image>?")
                .contains("\"< image>\"");
        assertThat(request.text())
                .isEqualTo("<tool_response>\n< image>\n</tool_response>\n"
                        + "Frame1: <image>\nFrame2: <image>\nNot < image>.");
    }

    @Test
    void sharesTheLargestLimitsOfAQuestion() {
        ChatRequest request = fold(
                Message.User.of("How many?", one),
                Message.Assistant.of("Two."),
                user(picture(one, 6), picture(two, 24), text("And now?")));
        assertThat(request.history().get(0).tiling()).isEqualTo(ChatRequest.Tiling.OPEN);
        assertThat(request.tiling()).isEqualTo(ChatRequest.Tiling.OPEN.withMaxTiles(24));
        ChatRequest.Tiling least = new ChatRequest.Tiling(OptionalInt.of(8), OptionalInt.empty(), Optional.of(true));
        assertThat(fold(
                                user(picture(one, 4), text("?")),
                                user(new Message.Picture(two, least), text("!")),
                                user(new Message.Picture(two, ChatRequest.Tiling.OPEN.withThumbnail(false))))
                        .tiling())
                .isEqualTo(new ChatRequest.Tiling(OptionalInt.of(4), OptionalInt.of(4), Optional.of(true)));
    }

    @Test
    void leavesTheRequestItsTilingWhereMessagesSayNone() {
        ChatRequest.Builder request = ChatRequest.builder().maxTiles(3);
        List<Message> open = List.of(Message.User.of("Why?", one));
        assertThat(request.messages(open).build().tiling().maxTiles()).hasValue(3);
        assertThat(request.messages(List.of(user(picture(one, 6))))
                        .build()
                        .tiling()
                        .maxTiles())
                .hasValue(6);
        assertThat(request.build().toBuilder().maxTiles(1).build().tiling().maxTiles())
                .hasValue(6);
        assertThat(request.messages(open).build().tiling().maxTiles()).hasValue(3);
        assertThat(request.messages(List.of(user(picture(one, 6))))
                        .images(List.of(two))
                        .build()
                        .tiling()
                        .maxTiles())
                .hasValue(3);
    }

    @Test
    void takesAClipAsALineForEachFrame() {
        ChatRequest asked = fold(user(text("What moves?"), CLIP));
        assertThat(asked.text()).isEqualTo("Frame1: <image>\nFrame2: <image>\nWhat moves?");
        assertThat(asked.images()).isEqualTo(CLIP.frames());
        assertThat(asked.hasFrames()).isTrue();
        assertThat(asked.tiling().maxTiles()).hasValue(1);
        ChatRequest next =
                fold(user(CLIP, text("What moves?")), Message.Assistant.of("A boat."), Message.User.of("Where?"));
        assertThat(next.hasFrames()).isFalse();
        assertThat(next.history())
                .containsExactly(new ChatRequest.Turn(
                        asked.text(), CLIP.frames(), ChatRequest.Tiling.OPEN.withMaxTiles(1), "A boat."));
        Message.Clip fine = new Message.Clip(CLIP.frames(), ChatRequest.Tiling.OPEN.withMaxTiles(4));
        assertThat(fold(user(fine)).tiling().maxTiles()).hasValue(4);
    }

    @Test
    void keepsTheTilesOfAClipThatBecomesHistory() {
        ChatRequest.Builder request = ChatRequest.builder().maxTiles(6);
        ChatRequest asked =
                request.messages(List.of(user(CLIP, text("What moves?")))).build();
        ChatRequest next = request.messages(List.of(
                        user(CLIP, text("What moves?")), Message.Assistant.of("A boat."), Message.User.of("Where?")))
                .build();
        assertThat(asked.tiling().maxTiles()).hasValue(1);
        assertThat(next.history().get(0).tiling()).isEqualTo(asked.tiling());
        assertThat(next.tiling().maxTiles()).hasValue(6);
    }

    @Test
    void samplesAClipAsARequestSamplesAVideo() {
        Video video =
                Video.of(IntStream.range(0, 40).mapToObj(MessageTest::pixel).toList(), 2);
        assertThat(Message.Clip.of(video).frames())
                .isEqualTo(ChatRequest.builder().text("").video(video).build().images())
                .hasSize(32);
        assertThat(Message.Clip.of(video, Video.Sampling.frames(3)).frames()).hasSize(3);
    }

    @Test
    void ordersResultsByTheirCalls() {
        ChatRequest request = fold(
                Message.User.of("Find it."),
                new Message.Assistant("", List.of(FIRST, SECOND)),
                new Message.ToolResult(null, "stray"),
                new Message.ToolResult("call_1", "noon"),
                new Message.ToolResult("call_0", "A-17"),
                new Message.ToolResult("call_9", "other"),
                Message.User.of("Well?", one));
        assertThat(request.history())
                .containsExactly(new ChatRequest.Turn(
                        "Find it.",
                        "<tool_call>\n{\"name\": \"find\", \"arguments\": {\"color\": \"red\"}}\n</tool_call>\n"
                                + "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>"));
        assertThat(request.text())
                .isEqualTo(ChatRequest.builder()
                                .toolResults("A-17", "noon", "stray", "other")
                                .build()
                                .text()
                        + "\n<image>\nWell?");
    }

    @Test
    void ordersTheResultsOfEachRoundByTheCallsBeforeThem() {
        ChatRequest request = fold(
                Message.User.of("Find it."),
                new Message.Assistant("Wait.", List.of(FIRST)),
                new Message.Assistant("And:", List.of(SECOND)),
                new Message.ToolResult("call_1", "noon"),
                new Message.ToolResult("call_0", "A-17"),
                new Message.Assistant(
                        "", List.of(new Tool.Call("call_1", "f", "{}"), new Tool.Call("call_0", "g", "{}"))),
                new Message.ToolResult("call_0", "g"),
                new Message.ToolResult("call_1", "f"));
        assertThat(request.history().get(0).answer())
                .startsWith("Wait.\n<tool_call>")
                .contains("</tool_call>\nAnd:\n");
        assertThat(request.history().get(1).question()).containsSubsequence("A-17", "noon");
        assertThat(request.text()).containsSubsequence("\nf\n", "\ng\n");
    }

    @Test
    void takesAnAnswerOfTheModelWithItsCalls() {
        String said = "Wait.\n<tool_call>\n{\"name\": \"find\", \"arguments\": {\"color\": \"red\"}}\n</tool_call>";
        Message.Assistant answer = Message.Assistant.of(said);
        assertThat(answer.text()).isEqualTo("Wait.");
        assertThat(answer.calls()).containsExactly(new Tool.Call("call_0", "find", "{\"color\": \"red\"}"));
        assertThat(fold(answer, new Message.ToolResult("call_0", "A-17"))
                        .history()
                        .get(0)
                        .answer())
                .isEqualTo(said);
        assertThat(Message.Assistant.of("A cup.")).isEqualTo(new Message.Assistant("A cup.", List.of()));
    }

    @Test
    void takesAnAnswerWithoutAQuestion() {
        ChatRequest request = fold(Message.Assistant.of("Hello!"), Message.User.of("Hello."));
        assertThat(request.history()).containsExactly(new ChatRequest.Turn("", "Hello!"));
    }

    @Test
    void replacesTheDialogueBefore() {
        ChatRequest.Builder request = ChatRequest.builder()
                .text("Old?", one)
                .systemMessage("Old.")
                .history(List.of(new ChatRequest.Turn("Older?", "Old.")));
        ChatRequest asked = request.messages(List.of(user(CLIP)))
                .messages(List.of(Message.User.of("New?")))
                .build();
        assertThat(asked.text()).isEqualTo("New?");
        assertThat(asked.images()).isEmpty();
        assertThat(asked.history()).isEmpty();
        assertThat(asked.systemMessage()).isNull();
        assertThat(request.systemMessage("Newer.").build().systemMessage()).isEqualTo("Newer.");
    }

    @Test
    void refusesADialogueThatAsksNothing() {
        assertMisplaced(0, "must end with one of the user", () -> fold());
        assertMisplaced(1, "found System at the end", () -> fold(new Message.System("Be brief.")));
        assertMisplaced(
                2, "found Assistant at the end", () -> fold(Message.User.of("Why?"), Message.Assistant.of("So.")));
    }

    @Test
    void refusesToJoinAClip() {
        assertMisplaced(1, "has a clip", () -> fold(Message.User.of("Why?"), user(CLIP)));
        assertMisplaced(
                2, "follows one with a clip", () -> fold(new Message.System(""), user(CLIP), Message.User.of("Why?")));
    }

    @Test
    void refusesPicturesBesideAClip() {
        assertMisplaced(2, "content 2 is a Clip after a Picture", () -> user(picture(one), text("a"), CLIP));
        assertMisplaced(1, "content 1 is a Picture after a Clip", () -> user(CLIP, picture(one)));
        assertMisplaced(1, "content 1 is a Clip after a Clip", () -> user(CLIP, CLIP));
        assertMisplaced(0, "must have contents", MessageTest::user);
        assertThatThrownBy(() -> new Message.Clip(List.of(), ChatRequest.Tiling.OPEN))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("must have frames");
    }

    private static void assertMisplaced(int index, String message, Runnable fold) {
        assertThatThrownBy(fold::run)
                .isInstanceOfSatisfying(
                        Message.MisplacedException.class,
                        refusal -> assertThat(refusal.index()).isEqualTo(index))
                .hasMessageContaining(message);
    }

    @Test
    @Timeout(20)
    void foldsAHundredThousandMessagesInARow() {
        String words = "x".repeat(200);
        List<Message> messages = Collections.nCopies(100_000, Message.User.of(words));
        assertThat(ChatRequest.builder().messages(messages).build().text()).hasSize(201 * 100_000 - 1);
    }
}
