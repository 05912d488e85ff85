package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.PassOrder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class InternVLTest {
    private static final Image LAND = Image.open(TinyCheckpoint.picture("river.png"));
    private static final Image TALL = Image.open(TinyCheckpoint.picture("tower.png"));
    private static final Image SQUARE = Image.open(TinyCheckpoint.picture("window.png"));

    private static InternVL model;

    @BeforeAll
    static void load() {
        model = InternVL.builder(TinyCheckpoint.qwen())
                .precision(Precision.FLOAT32)
                .passOrder(PassOrder.LESS_WORK_FIRST)
                .load();
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @Test
    void answersTheSameInAllWaysOfAsking() {
        ChatRequest request = ask("Image-1: <image>\nImage-2: <image>\nCompare them.", LAND, TALL);
        String answer = model.chat(request).text();

        assertThat(answer).isNotEmpty();
        try (ChatStream stream = model.stream(request)) {
            List<String> pieces = new ArrayList<>();
            stream.forEach(pieces::add);
            assertThat(String.join("", pieces)).isEqualTo(answer);
            assertThat(pieces).hasSizeGreaterThan(1);
            assertThat(stream.response().text()).isEqualTo(answer);
        }
        assertThat(model.batchChat(List.of(ask("Hi."), request, ask("What is this?", SQUARE)))
                        .get(1)
                        .text())
                .isEqualTo(answer);
        assertThat(model.conversation().ask(request).text()).isEqualTo(answer);
    }

    @Test
    void remembersTheRoundsOfAConversation() {
        Conversation talk = model.conversation();
        ChatResponse first = talk.ask(ask("What is this?", SQUARE));
        ChatResponse second = talk.ask(ask("And now?", LAND));

        assertThat(first.history()).hasSize(1);
        assertThat(talk.history()).isEqualTo(second.history()).hasSize(2);
        assertThat(talk.history().get(0))
                .isEqualTo(new ChatRequest.Turn("<image>\nWhat is this?", List.of(SQUARE), first.text()));
        ChatRequest again =
                ask("And now?", LAND).toBuilder().history(first.history()).build();
        assertThat(model.chat(again).text()).isEqualTo(second.text());
        assertThat(second.usage().promptTokens()).isEqualTo(model.countTokens(again));
    }

    @Test
    void keepsTilesAndSystemMessageOfAConversation() {
        Conversation talk = model.conversation();
        ChatRequest first = ask("What is this?", LAND).toBuilder()
                .maxTiles(1)
                .systemMessage("Be brief.")
                .build();
        ChatResponse.Usage one = talk.ask(first).usage();
        ChatResponse second = talk.ask(ask("And?"));

        assertThat(second.usage().visualTokens()).isEqualTo(one.visualTokens()).isPositive();
        ChatRequest same = ask("And?").toBuilder()
                .history(List.of(talk.history().get(0)))
                .systemMessage("Be brief.")
                .build();
        assertThat(second.text()).isEqualTo(model.chat(same).text());
    }

    @Test
    void keepsNothingOfARefusedQuestion() {
        Conversation talk = model.conversation();
        ChatRequest refused = ask("<image>").toBuilder()
                .systemMessage("You are a very talkative pirate of the southern seas.")
                .build();
        assertThatThrownBy(() -> talk.ask(refused)).isInstanceOf(InvalidRequestException.class);

        assertThat(talk.ask(ask("Hi.")).usage().promptTokens()).isEqualTo(model.countTokens(ask("Hi.")));
    }

    @Test
    void goesOnAfterAnAnswerThatSpeaksOfImageTags() {
        ChatRequest request = ask("And?").toBuilder()
                .history(List.of(new ChatRequest.Turn("How?", "Write <image> there.")))
                .build();

        assertThat(model.chat(request).text()).isNotEmpty();
    }

    @Test
    void replacesWhatABuilderWasGivenBefore() {
        ChatRequest first = ChatRequest.builder().text("a", LAND, TALL).build();

        assertThat(first.toBuilder().text("b").build().images()).containsExactly(LAND, TALL);
        assertThat(first.toBuilder().text("b", SQUARE).build().images()).containsExactly(SQUARE);
        assertThat(first.toBuilder().images(List.of()).build().images()).isEmpty();
        assertThat(first.toString()).contains("text=a", "maxNewTokens=1024");
    }

    @Test
    void answersWithinItsContextToTheLastToken() {
        try (InternVL tight = InternVL.builder(TinyCheckpoint.resized())
                .precision(Precision.FLOAT32)
                .contextLength(100)
                .load()) {
            int length = tight.countTokens(ask("Why?"));
            ChatResponse cut = tight.chat(
                    ChatRequest.builder().text("Why?").maxNewTokens(1000).build());
            assertThat(cut.finishReason()).isEqualTo(ChatResponse.FinishReason.LENGTH);
            assertThat(cut.usage().generatedTokens()).isEqualTo(tight.contextLength() - length);
            assertThat(tight.countTokens(ask("word ".repeat(200)))).isGreaterThan(100);
            assertThat(tight.chat(ChatRequest.builder().text("").maxNewTokens(1).build())
                            .usage()
                            .generatedTokens())
                    .isOne();
        }
    }

    @Test
    void answersMoreRequestsThanItPreparesAtOnce() {
        List<ChatRequest> requests = IntStream.range(0, 40)
                .mapToObj(i -> ask("<image>\nNumber " + i, i % 2 == 0 ? SQUARE : TALL))
                .toList();
        List<ChatResponse> responses = model.batchChat(requests);

        assertThat(responses).hasSize(40);
        assertThat(responses.get(37).text())
                .isEqualTo(model.chat(requests.get(37)).text());
    }

    @Test
    void saysThatLogitsAreNotNumbersAndGoesOnServing(@TempDir Path folder) throws IOException {
        TinyCheckpoint.copy(TinyCheckpoint.qwen(), folder);
        TinyCheckpoint.fill(folder, "language_model.model.norm.weight", (short) 0x7fc0); // a bfloat16 NaN
        try (InternVL broken = InternVL.load(folder)) {
            for (ChatRequest request :
                    List.of(ask("Hi."), ask("Hi.").toBuilder().temperature(1).build())) {
                assertThatThrownBy(() -> broken.chat(request))
                        .isInstanceOf(InternVLException.class)
                        .hasMessageContaining("not numbers");
            }
        }
    }

    @Test
    void refusesATokenizerOfAnotherModel(@TempDir Path folder) throws IOException {
        TinyCheckpoint.copy(TinyCheckpoint.qwen(), folder);
        TinyCheckpoint.edit(
                folder.resolve("added_tokens.json"),
                text -> text.replaceFirst("\\{", "{\"<more>\": " + model.info().vocabulary() + ","));

        assertThatThrownBy(() -> InternVL.load(folder))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("vocabulary ends at");
    }

    @Test
    void resumesAConversation() {
        Conversation talk = model.conversation();
        talk.ask(ask("What is this?", SQUARE));
        Conversation resumed = model.conversation(talk.history());

        assertThat(resumed.ask(ask("Why?")).text())
                .isEqualTo(talk.ask(ask("Why?")).text());
    }

    @Test
    void countsTokensWithoutRunningTheModel() {
        int tokensPerTile = model.info().tokensPerTile();
        int text = model.countTokens(ask("<image>\nHi.", SQUARE))
                - model.chat(ask("<image>\nHi.", SQUARE)).usage().visualTokens();

        assertThat(model.countTokens(
                        ask("<image>\nHi.", LAND).toBuilder().maxTiles(2).build()))
                .isEqualTo(text + 3 * tokensPerTile);
        ChatResponse.Usage usage = model.chat(ask("<image>\nHi.", LAND)).usage();
        assertThat(usage.visualTokens() % tokensPerTile).isZero();
        assertThat(usage.promptTokens()).isEqualTo(text + usage.visualTokens());
        assertThat(usage.generatedTokens()).isBetween(1, 12);
    }

    @Test
    void endsAtTheTokenLimitAndAtStopTexts() {
        ChatResponse limited =
                model.chat(ChatRequest.builder().text("Hi.").maxNewTokens(3).build());
        assertThat(limited.finishReason()).isEqualTo(ChatResponse.FinishReason.LENGTH);
        assertThat(limited.usage().generatedTokens()).isEqualTo(3);

        String whole = model.chat(ask("Hi.")).text();
        String stop = whole.substring(4, 6);
        ChatResponse stopped = model.chat(
                ChatRequest.builder().text("Hi.").maxNewTokens(12).stop(stop).build());
        assertThat(stopped.finishReason()).isEqualTo(ChatResponse.FinishReason.STOP);
        assertThat(stopped.text())
                .isEqualTo(whole.substring(0, whole.indexOf(stop)).strip());
    }

    @Test
    void repeatsSampledAnswersWithTheSameSeed() {
        ChatRequest request = ask("Tell me a story.").toBuilder()
                .temperature(1.5)
                .topK(0)
                .seed(7)
                .build();
        String first = model.chat(request).text();

        assertThat(model.chat(request).text()).isEqualTo(first);
        assertThat(model.chat(request.toBuilder().seed(8).build()).text()).isNotEqualTo(first);
    }

    static Stream<Arguments> badRequests() {
        return Stream.of(
                Arguments.of(ask("<image>\n<image>\nHi.", LAND), "2 tags for 1 pictures"),
                Arguments.of(ask("<image>\n<image>\nHi.", LAND, TALL, SQUARE), "2 tags for 3 pictures"),
                Arguments.of(ask("<image>\nHi."), "1 tags for 0 pictures"),
                Arguments.of(
                        ask("Hi.", LAND).toBuilder()
                                .history(List.of(
                                        new ChatRequest.Turn("Hi.", "Yes."),
                                        new ChatRequest.Turn("And?", "An <image> of it.")))
                                .build(),
                        "answer of round 2"),
                Arguments.of(
                        ask("Hi.", LAND).toBuilder()
                                .systemMessage("You see <image>.")
                                .build(),
                        "system message"),
                Arguments.of(ask("What does <IMG_CONTEXT> mean?", LAND), "<IMG_CONTEXT>"),
                Arguments.of(ask("word ".repeat(9000)), "shorter than the context"));
    }

    @ParameterizedTest
    @MethodSource("badRequests")
    void refusesABadRequestAndGoesOnServing(ChatRequest request, String reason) {
        assertThatThrownBy(() -> model.chat(request))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining(reason);
        assertThatThrownBy(() -> model.batchChat(List.of(ask("Hi."), request)))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageStartingWith("request 1 of the batch: ");
        assertThat(model.chat(ask("Hi.")).text()).isNotEmpty();
    }

    @Test
    void refusesSettingsThatMeanNothing() {
        List<Runnable> wrong = List.of(
                () -> ChatRequest.builder().maxNewTokens(0),
                () -> ChatRequest.builder().temperature(0),
                () -> ChatRequest.builder().temperature(Double.NaN),
                () -> ChatRequest.builder().topK(-1),
                () -> ChatRequest.builder().topP(-0.1),
                () -> ChatRequest.builder().topP(1.1),
                () -> ChatRequest.builder().stop(""),
                () -> ChatRequest.builder().maxTiles(0),
                () -> ChatRequest.builder().maxTiles(5000),
                () -> ChatRequest.builder().build(),
                () -> InternVL.builder(Path.of(".")).device("gpu"),
                () -> InternVL.builder(Path.of(".")).contextLength(0),
                () -> InternVL.builder(Path.of(".")).contextLength(Integer.MAX_VALUE));
        for (Runnable builder : wrong) {
            assertThatThrownBy(builder::run).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void endsWhatRunsWhenItIsClosed() {
        InternVL brief = InternVL.builder(TinyCheckpoint.resized())
                .precision(Precision.FLOAT32)
                .contextLength(100_000)
                .load();
        ChatStream running = brief.stream(
                ChatRequest.builder().text("Why?").maxNewTokens(90_000).build());
        assertThat(running.iterator().hasNext()).isTrue();
        brief.close();
        brief.close();

        assertThatThrownBy(running::response).isInstanceOf(InternVLException.class);
        assertThatThrownBy(() -> brief.chat("Hi."))
                .isInstanceOf(InternVLException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void namesADeviceThatIsNotThere() {
        assertThatThrownBy(() ->
                        InternVL.builder(TinyCheckpoint.qwen()).device("cuda:7").load())
                .isInstanceOf(InternVLException.class)
                .hasMessageContaining("cuda:7");
    }

    @Test
    void saysWhatWasLoaded() {
        ModelInfo info = ModelInfo.of(TinyCheckpoint.internlm2());

        assertThat(info.languageModel()).isEqualTo("internlm2");
        assertThat(info.parameters()).isGreaterThan(info.visionParameters());
        assertThat(info.weightBytes()).isEqualTo(2 * info.parameters());
        assertThat(model.precision()).isEqualTo(Precision.FLOAT32);
        assertThat(model.device()).isIn("cpu", "cuda:0");
        assertThat(model.contextLength()).isEqualTo(8192);
        assertThat(Objects.requireNonNull(info.storedPrecision())).isEqualTo(Precision.BFLOAT16);
    }

    private static ChatRequest ask(String text, Image... images) {
        return ChatRequest.builder().text(text, images).maxNewTokens(12).build();
    }
}
