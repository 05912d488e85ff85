package io.github.internvl.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.Conversation;
import io.github.internvl.InternVL;
import io.github.internvl.Precision;
import io.github.internvl.demo.DemoModel;
import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.Video;
import java.awt.Rectangle;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Runs every example on a tiny checkpoint and compares what it prints with what the model answers to the same call. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ExamplesTest {
    private static final Path FOLDER = TinyCheckpoint.qwen();
    private static final Path BADGE = TinyCheckpoint.picture("badge.png");
    private static final Path FOG = TinyCheckpoint.picture("fog.png");
    private static final String SAY = "Assistant: ";

    private final Image badge = Image.open(BADGE);
    private final Image fog = Image.open(FOG);
    private final InternVL model = InternVL.load(FOLDER);

    private interface Example {
        void run(String[] args) throws Exception;
    }

    @BeforeAll
    void nameModel() {
        System.setProperty("internvl.model", FOLDER.toString());
    }

    @AfterAll
    void close() {
        System.clearProperty("internvl.model");
        model.close();
    }

    @Test
    void saysHello() throws Exception {
        assertPrints(HelloWorld::main, model.chat("describe this image", badge).text());
    }

    @Test
    void chatsWithoutPictures() throws Exception {
        String first = model.chat("Hello, who are you?").text();
        Conversation talk = model.conversation();
        talk.ask("Hello, who are you?");
        String second = talk.ask("Can you tell me a story?").text();
        assertPrints(PureText::main, SAY + first, SAY + first, SAY + second);
    }

    @Test
    void chatsAboutAPicture() throws Exception {
        Conversation talk = model.conversation();
        assertPrints(
                SingleImage::main,
                SAY
                        + model.chat("<image>\nPlease describe the image shortly.", badge)
                                .text(),
                SAY
                        + talk.ask("<image>\nPlease describe the image in detail.", badge)
                                .text(),
                SAY + talk.ask("Please write a poem according to the image.").text());
    }

    @Test
    void refusesToAskForWhatNobodyShould() throws Exception {
        assertThat(print(PictureFromTheWeb::main))
                .isEqualTo(
                        "NOT_ALLOWED: http://169.254.169.254/latest/meta-data/: a host must be allowed: 169.254.169.254 is"
                                + " not; RemoteMedia.Builder.allowHost does\n");
    }

    @Test
    void chatsAboutCombinedPictures() throws Exception {
        Conversation talk = model.conversation();
        assertPrints(
                MultiImageCombined::main,
                SAY
                        + talk.ask("<image>\nDescribe the two images in detail.", badge, fog)
                                .text(),
                SAY
                        + talk.ask("What are the similarities and differences between these two images.")
                                .text());
    }

    @Test
    void chatsAboutSeparatePictures() throws Exception {
        Conversation talk = model.conversation();
        String question = "Image-1: <image>\nImage-2: <image>\nDescribe the two images in detail.";
        assertPrints(
                MultiImageSeparate::main,
                SAY + talk.ask(question, badge, fog).text(),
                SAY
                        + talk.ask("What are the similarities and differences between these two images.")
                                .text());
    }

    @Test
    void chatsInMessages() throws Exception {
        ChatRequest.Builder request =
                ChatRequest.builder().systemMessage("Answer in one sentence.").text("describe this image", badge);
        String first = model.chat(request.build()).text();
        request.history(List.of(new ChatRequest.Turn("describe this image", List.of(badge), first)))
                .text("Before: <image>\nAfter: <image>\nWhat has changed?", badge, fog);
        assertPrints(
                Messages::main, SAY + first, SAY + model.chat(request.build()).text());
    }

    @Test
    void chatsAboutAVideo() throws Exception {
        Path clip = Path.of("../models/samples/clip.mp4");
        Conversation talk = model.conversation();
        ChatRequest question = ChatRequest.builder()
                .text("What moves in the video?")
                .video(Video.open(clip), 8)
                .build();
        String[] answers = {
            SAY + talk.ask(question).text(),
            SAY + talk.ask("Describe this video in detail.").text()
        };
        assertThat(print(VideoChat::main, clip.toString())).isEqualTo(String.join("\n", answers) + "\n");
        assertThat(print(VideoChat::main)).isEqualTo(String.join("\n", answers) + "\n");
    }

    @Test
    void answersABatch() throws Exception {
        ChatRequest.Builder compared = ChatRequest.builder().text("What is the difference?", badge, fog);
        assertPrints(
                BatchInference::main,
                SAY
                        + model.chat("<image>\nDescribe the image in detail.", badge)
                                .text(),
                SAY + model.chat("<image>\nDescribe the image in detail.", fog).text(),
                SAY + model.chat(compared.maxTiles(4).maxNewTokens(32).build()).text(),
                SAY + model.chat("Hello, who are you?").text());
    }

    @Test
    void streamsToALoop() throws Exception {
        var response = model.chat("<image>\nPlease describe the image in detail.", badge);
        assertPrints(Streaming::main, response.text(), response.usage().generatedTokens() + " tokens");
    }

    @Test
    void servesManyCallersAndSaysWhatWasThere() throws Exception {
        String printed = print(ManyCallers::main, BADGE.toString());
        assertThat(printed)
                .startsWith(model.chat("describe this image", badge).text() + " (0 of ")
                .endsWith(" tokens were there already)\n");
        assertThat(printed.indexOf("(0 of ")).isEqualTo(printed.lastIndexOf("(0 of "));
    }

    @Test
    void streamsToASubscriber() throws Exception {
        assertPrints(
                StreamingPublisher::main,
                model.chat("<image>\nPlease describe the image in detail.", badge)
                        .text());
    }

    @Test
    void answersInTheFuture() throws Exception {
        assertPrints(
                Asynchronous::main,
                model.chat("<image>\nPlease describe the image shortly.", badge).text());
    }

    @Test
    void countsTokensInARegistry() throws Exception {
        ChatResponse response = model.chat("describe this image", badge);
        String generated = response.usage().generatedTokens() + " tokens";
        assertPrints(Metrics::main, response.text(), generated, generated);
    }

    @Test
    void servesAModel() throws Exception {
        assertThat(print(Serving::main))
                .startsWith("{\"object\":\"list\"")
                .contains(model.info().name());
    }

    @Test
    void findsTheRedCircleOfTheSamplePicture() throws Exception {
        System.setProperty("internvl.model", DemoModel.path().toString());
        try {
            String printed =
                    print(Grounding::main, DemoModel.sample("shapes.png").toString());
            assertThat(printed).matches("red circle: java.awt.Rectangle\\[x=\\d+,y=\\d+,width=\\d+,height=\\d+]\n");
            int[] edges = Pattern.compile("\\d+")
                    .matcher(printed)
                    .results()
                    .mapToInt(number -> Integer.parseInt(number.group()))
                    .toArray();
            Rectangle found = new Rectangle(edges[0], edges[1], edges[2], edges[3]);
            assertThat(found).matches(box -> box.contains(75, 95, 70, 70), "holds the middle of the circle");
            assertThat(found).matches(new Rectangle(20, 40, 180, 180)::contains, "is not much larger");
        } finally {
            nameModel();
        }
    }

    @Test
    void answersForPrograms() throws Exception {
        System.setProperty("internvl.model", DemoModel.path().toString());
        try {
            assertThat(print(
                            StructuredOutput::main,
                            DemoModel.sample("shapes.png").toString()))
                    .startsWith("green\n{\"color\":")
                    .containsPattern("find_part\\{\"color\": \"(red|green)\"}\n");
        } finally {
            nameModel();
        }
    }

    @Test
    void fillsARecordAndStreamsThroughLangChain4j() throws Exception {
        System.setProperty("internvl.model", DemoModel.path().toString());
        try {
            String picture = DemoModel.sample("shapes.png").toString();
            assertThat(print(LangChain4jService::main, picture)).isEqualTo("The star is green\n");
            assertThat(print(LangChain4jModels::main, picture))
                    .startsWith("green\n")
                    .contains(" visual tokens, 0 boxes\ngreen\n", "green is all of green\n")
                    .endsWith(" tokens\n");
        } finally {
            nameModel();
        }
    }

    @Test
    void samplesTheSameAnswerFromItsSeed() throws Exception {
        String printed = print(GenerationSettings::main, BADGE.toString());
        assertThat(printed).isNotBlank().isEqualTo(print(GenerationSettings::main, BADGE.toString()));
    }

    @Test
    void samplesInTwoTurns() throws Exception {
        assertThat(print(MultiTurn::main, BADGE.toString()).split(SAY)).hasSize(3);
    }

    @Test
    void loadsInSixteenBits() throws Exception {
        try (InternVL halved = InternVL.builder(FOLDER)
                .precision(Precision.BFLOAT16)
                .device("cpu")
                .load()) {
            assertPrints(
                    PrecisionAndDevice::main,
                    halved.chat("describe this image", badge).text());
        }
    }

    @Test
    void spreadsOverTheDevicesThereAre() throws Exception {
        assertPrints(
                SeveralDevices::main,
                model.devices().layers().toString(),
                model.chat("describe this image", badge).text());
    }

    @Test
    void countsTokensWithoutAnswering() throws Exception {
        ChatRequest request = ChatRequest.of("<image>\nPlease describe the image in detail.", badge);
        assertPrints(
                CountTokens::main,
                List.of(1, 6, 12).stream()
                        .map(tiles -> "up to " + tiles + " tiles: "
                                + model.countTokens(
                                        request.toBuilder().maxTiles(tiles).build()) + " tokens")
                        .toArray(String[]::new));
    }

    private static void assertPrints(Example example, String... lines) throws Exception {
        assertThat(print(example, BADGE.toString(), FOG.toString())).isEqualTo(String.join("\n", lines) + "\n");
    }

    private static String print(Example example, String... pictures) throws Exception {
        PrintStream console = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            example.run(pictures);
        } finally {
            System.setOut(console);
        }
        return printed.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
    }
}
