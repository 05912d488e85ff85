package io.github.internvl.spring.ai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse.Usage;
import io.github.internvl.InternVL;
import io.github.internvl.OutputFormat;
import io.github.internvl.Tool;
import io.github.internvl.demo.DemoModel;
import io.micrometer.observation.tck.TestObservationRegistry;
import io.micrometer.observation.tck.TestObservationRegistryAssert;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.content.Media;
import org.springframework.ai.tool.function.FunctionToolCallback;
import org.springframework.core.io.FileSystemResource;
import org.springframework.core.io.Resource;
import org.springframework.util.MimeTypeUtils;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** The chat model over the demo model, by itself and behind a chat client. */
@Timeout(120)
class InternVLChatModelTest {
    private static final InternVL MODEL = InternVL.load(DemoModel.path());
    private static final InternVLChatModel CHAT =
            InternVLChatModel.builder(MODEL).build();
    private static final ChatClient CLIENT = ChatClient.create(CHAT);
    private static final Resource SHAPES = new FileSystemResource(DemoModel.sample("shapes.png"));
    private static final String STORY = "Once upon a time there was a star. ".repeat(20);
    private static final InternVLChatModel NARRATOR = InternVLChatModel.builder(MODEL)
            .lastChange(new Script(MODEL, Map.of("a story.", STORY)))
            .build();
    private static final String QUESTION = "What color is the star?";

    enum Color {
        RED,
        GREEN,
        BLUE
    }

    record Star(Color color, int points) {}

    @AfterAll
    static void close() {
        MODEL.close();
    }

    @Test
    void answersAboutAPicture() {
        assertThat(CLIENT.prompt()
                        .user(user -> user.text(QUESTION).media(MimeTypeUtils.IMAGE_PNG, SHAPES))
                        .call()
                        .content())
                .isEqualTo("green");
    }

    @Test
    void streamsTheAnswerThatACallGives() {
        Prompt prompt = new Prompt("Tell a story.");
        ChatResponse whole = NARRATOR.call(prompt);
        List<ChatResponse> pieces =
                Objects.requireNonNull(NARRATOR.stream(prompt).collectList().block());
        assertThat(pieces.stream().map(InternVLChatModelTest::text).collect(Collectors.joining()))
                .isEqualTo(text(whole))
                .isEqualTo(STORY.strip());
        assertThat(pieces).hasSizeGreaterThan(20);
        ChatResponse last = pieces.get(pieces.size() - 1);
        assertThat(last.getMetadata().getUsage().getTotalTokens())
                .isEqualTo(whole.getMetadata().getUsage().getTotalTokens());
        assertThat(Objects.requireNonNull(last.getResult()).getMetadata().getFinishReason())
                .isEqualTo(
                        Objects.requireNonNull(whole.getResult()).getMetadata().getFinishReason());
    }

    @Test
    void countsTokensAndTellsWhyTheAnswerEnded() {
        ChatResponse response = NARRATOR.call(
                new Prompt("Tell a story.", ChatOptions.builder().maxTokens(1).build()));
        assertThat(response.getMetadata().getModel()).isEqualTo(MODEL.info().name());
        assertThat(response.getMetadata().getId()).isNotEmpty();
        assertThat(response.getMetadata().getUsage().getCompletionTokens()).isEqualTo(1);
        assertThat(response.getMetadata().getUsage().getPromptTokens())
                .isEqualTo(MODEL.countTokens(ChatRequest.of("Tell a story.")));
        assertThat(response.getMetadata().getUsage().getNativeUsage()).isInstanceOf(Usage.class);
        assertThat(Objects.requireNonNull(response.getResult()).getMetadata().getFinishReason())
                .isEqualTo("LENGTH");
    }

    @Test
    void readsMessagesInTheirOrder() {
        Prompt prompt = new Prompt(List.of(
                new SystemMessage("Be brief."),
                UserMessage.builder()
                        .text(QUESTION)
                        .media(new Media(MimeTypeUtils.IMAGE_PNG, SHAPES))
                        .build(),
                new AssistantMessage("green"),
                new UserMessage("And the square?")));
        ChatRequest asked = request(prompt);
        assertThat(asked.systemMessage()).isEqualTo("Be brief.");
        assertThat(asked.history()).singleElement().satisfies(turn -> {
            assertThat(turn.answer()).isEqualTo("green");
            assertThat(turn.images()).hasSize(1);
        });
        assertThat(asked.text()).isEqualTo("And the square?");
        assertThat(text(CHAT.call(prompt))).isEqualTo("blue");
    }

    @Test
    void readsTheResultsOfToolsInTheOrderOfTheirCalls() {
        ChatRequest asked = request(new Prompt(List.of(
                new UserMessage("Which is warmer?"),
                AssistantMessage.builder()
                        .toolCalls(List.of(
                                new AssistantMessage.ToolCall("a", "function", "get", "{\"city\": \"Rome\"}"),
                                new AssistantMessage.ToolCall("b", "function", "get", "{\"city\": \"Oslo\"}")))
                        .build(),
                ToolResponseMessage.builder()
                        .responses(List.of(
                                new ToolResponseMessage.ToolResponse("b", "get", "5"),
                                new ToolResponseMessage.ToolResponse("a", "get", "25")))
                        .build())));
        assertThat(asked.text()).containsSubsequence("25", "5");
        assertThat(asked.history().get(0).answer()).contains("Rome", "Oslo");
    }

    @Test
    void readsPicturesAsBytesBase64AndDataUrls() throws IOException {
        byte[] file = Files.readAllBytes(DemoModel.sample("shapes.png"));
        String base64 = Base64.getEncoder().encodeToString(file);
        List<Object> forms = List.of(file, base64, "data:image/png;base64," + base64);
        for (Object form : forms) {
            Media.Builder media = Media.builder().mimeType(MimeTypeUtils.IMAGE_PNG);
            Media picture = form instanceof byte[] bytes
                    ? media.data(bytes).build()
                    : media.data((String) form).build();
            assertThat(request(new Prompt(UserMessage.builder()
                                    .text(QUESTION)
                                    .media(picture)
                                    .build()))
                            .images())
                    .as(picture.getData().getClass().getName())
                    .singleElement()
                    .satisfies(image -> assertThat(image.width()).isEqualTo(448));
        }
    }

    @Test
    void readsTheFramesOfAVideo() {
        Media clip = new Media(Media.Format.VIDEO_MP4, new FileSystemResource(DemoModel.sample("clip.mp4")));
        UserMessage message = UserMessage.builder()
                .text("Where does the ball move?")
                .media(clip)
                .build();
        ChatRequest asked = request(new Prompt(message, options().videoFrames(3).build()));
        assertThat(asked.hasFrames()).isTrue();
        assertThat(asked.images()).hasSize(3);
        assertThat(text(CHAT.call(new Prompt(message, options().videoFrames(4).build()))))
                .isNotEmpty();
    }

    @Test
    void refusesTextThatIsNoMedia() {
        Map.of("data:image/png,plain", ";base64", "data:image/png", "comma", "file-abc123", "base64")
                .forEach((data, reason) -> assertThatThrownBy(() -> request(new Prompt(UserMessage.builder()
                                .text(QUESTION)
                                .media(Media.builder()
                                        .mimeType(MimeTypeUtils.IMAGE_PNG)
                                        .data(data)
                                        .build())
                                .build())))
                        .as(data)
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("base64")
                        .hasMessageContaining(reason));
    }

    @Test
    void refusesMediaOfTheAssistant() {
        AssistantMessage answer = AssistantMessage.builder()
                .content("Look.")
                .media(List.of(new Media(MimeTypeUtils.IMAGE_PNG, SHAPES)))
                .build();
        assertThatThrownBy(
                        () -> CHAT.call(new Prompt(List.of(new UserMessage("Draw."), answer, new UserMessage("Why?")))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("assistant must have no media");
    }

    @Test
    void takesTagsBesideAPictureForOrdinaryText() {
        ChatRequest asked = request(new Prompt(UserMessage.builder()
                .text("Is <image> or <image> a tag?")
                .media(new Media(MimeTypeUtils.IMAGE_PNG, SHAPES))
                .build()));
        assertThat(asked.text()).endsWith("Is < image> or < image> a tag?");
        assertThat(asked.images()).hasSize(1);
    }

    @Test
    void checksTheOptionsOfPromptsThatBringNone() {
        for (InternVLChatOptions.Builder wrong : List.of(
                options().topP(2.0),
                options().maxTiles(0),
                options().videoFrames(0),
                options().maxTokens(0))) {
            assertThatThrownBy(() -> InternVLChatModel.builder(MODEL)
                            .options(wrong.build())
                            .build())
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void fetchesNothingWithoutRules() {
        Media remote = new Media(MimeTypeUtils.IMAGE_PNG, URI.create("https://example.org/cat.png"));
        Prompt prompt =
                new Prompt(UserMessage.builder().text(QUESTION).media(remote).build());
        assertThatThrownBy(() -> CHAT.call(prompt))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("remoteMedia");
        StepVerifier.create(CHAT.stream(prompt)).verifyError(IllegalArgumentException.class);
    }

    @Test
    void refusesAnotherModelAndOtherMedia() {
        assertThatThrownBy(() ->
                        CHAT.call(new Prompt("Why?", options().model("gpt").build())))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(MODEL.info().name());
        Media sound = Media.builder()
                .mimeType(MimeTypeUtils.parseMimeType("audio/mp3"))
                .data(new byte[1])
                .build();
        assertThatThrownBy(() -> CHAT.call(new Prompt(
                        UserMessage.builder().text("Hear?").media(sound).build())))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("audio/mp3");
    }

    @Test
    void enforcesAnOutputSchema() {
        Star star = CLIENT.prompt()
                .user(user -> user.text("Describe the star.").media(MimeTypeUtils.IMAGE_PNG, SHAPES))
                .call()
                .entity(Star.class, entity -> entity.useProviderStructuredOutput());
        assertThat(star).isNotNull().extracting(Star::color).isNotNull();
    }

    @Test
    void answersWithACallOrATextOfTheSchemaWhereItHasBoth() {
        FunctionToolCallback<Star, String> tool = FunctionToolCallback.builder("find_star", (Star star) -> "A-17")
                .inputType(Star.class)
                .build();
        InternVLChatOptions both = options()
                .toolCallbacks(tool)
                .format(OutputFormat.choice("none", "many"))
                .build();
        ChatResponse response = CHAT.call(new Prompt("Which star is this?", both));
        assertThat(response.hasToolCalls() || List.of("none", "many").contains(text(response)))
                .as(text(response))
                .isTrue();
    }

    @Test
    void asksForTheToolThatIsRequired() {
        FunctionToolCallback<Star, String> tool = FunctionToolCallback.builder("find_star", (Star star) -> "A-17")
                .description("Finds a star.")
                .inputType(Star.class)
                .build();
        InternVLChatOptions required = options()
                .toolCallbacks(tool)
                .toolChoice(Tool.Choice.named("find_star"))
                .build();
        Prompt prompt = new Prompt("Which star is this?", required);
        for (ChatResponse response : List.of(
                CHAT.call(prompt), Objects.requireNonNull(CHAT.stream(prompt).blockLast()))) {
            assertThat(response.hasToolCalls()).isTrue();
            AssistantMessage answer =
                    Objects.requireNonNull(response.getResult()).getOutput();
            assertThat(answer.getText()).isEmpty();
            assertThat(answer.getToolCalls()).singleElement().satisfies(call -> {
                assertThat(call.name()).isEqualTo("find_star");
                assertThat(call.arguments()).contains("\"color\"");
                assertThat(call.id()).isNotEmpty();
            });
        }
    }

    @Test
    void answersAfterTheCallThatIsRequired() {
        AtomicInteger called = new AtomicInteger();
        FunctionToolCallback<Star, String> tool = FunctionToolCallback.builder("find_star", (Star star) -> {
                    called.incrementAndGet();
                    return "A-17";
                })
                .inputType(Star.class)
                .build();
        ChatModel scripted = InternVLChatModel.builder(MODEL)
                .lastChange(new Script(MODEL, Map.of("</tool_response>", "It is A-17.")))
                .build();
        for (Tool.Choice choice : List.of(Tool.Choice.required(), Tool.Choice.named("find_star"))) {
            called.set(0);
            assertThat(ChatClient.create(scripted)
                            .prompt("Which star is this?")
                            .options(options().toolChoice(choice).toolCallbacks(tool))
                            .call()
                            .content())
                    .isEqualTo("It is A-17.");
            assertThat(called).hasValue(1);
        }
    }

    @Test
    void streamsTheTextBeforeACallAndTheCallWhole() {
        InternVLChatModel scripted = InternVLChatModel.builder(MODEL)
                .lastChange(new Script(
                        MODEL,
                        Map.of(
                                "star?",
                                "One < moment.\n<tool_call>\n{\"name\": \"look\", \"arguments\": {}}\n</tool_call>")))
                .build();
        FunctionToolCallback<Star, String> tool = FunctionToolCallback.builder("look", (Star star) -> "A-17")
                .inputType(Star.class)
                .build();
        Prompt prompt = new Prompt(QUESTION, options().toolCallbacks(tool).build());
        List<ChatResponse> pieces =
                Objects.requireNonNull(scripted.stream(prompt).collectList().block());
        assertThat(pieces.stream().map(InternVLChatModelTest::text).collect(Collectors.joining()))
                .isEqualTo("One < moment.")
                .isEqualTo(text(scripted.call(prompt)));
        assertThat(pieces.stream().filter(ChatResponse::hasToolCalls)).hasSize(1);
    }

    @Test
    void observesCallsAndStreams() {
        TestObservationRegistry registry = TestObservationRegistry.create();
        InternVLChatModel observed =
                InternVLChatModel.builder(MODEL).observationRegistry(registry).build();
        observed.call(new Prompt("Why?"));
        Flux<ChatResponse> stream = observed.stream(new Prompt("Why?"));
        stream.blockLast();
        TestObservationRegistryAssert.assertThat(registry)
                .hasNumberOfObservationsWithNameEqualTo("gen_ai.client.operation", 2)
                .forAllObservationsWithNameEqualTo(
                        "gen_ai.client.operation",
                        observation -> observation
                                .hasLowCardinalityKeyValue("gen_ai.system", "internvl")
                                .hasLowCardinalityKeyValue(
                                        "gen_ai.request.model", MODEL.info().name())
                                .hasLowCardinalityKeyValue(
                                        "gen_ai.response.model", MODEL.info().name())
                                .hasHighCardinalityKeyValueWithKey("gen_ai.usage.output_tokens"));
    }

    private static InternVLChatOptions.Builder options() {
        return InternVLChatOptions.builder();
    }

    /** The request that a prompt becomes. */
    private static ChatRequest request(Prompt prompt) {
        ChatRequest[] seen = new ChatRequest[1];
        InternVLChatModel.builder(MODEL)
                .lastChange(request -> {
                    seen[0] = request;
                    return request.toBuilder().maxNewTokens(1).build();
                })
                .build()
                .call(prompt);
        return seen[0];
    }

    private static String text(ChatResponse response) {
        return Objects.requireNonNullElse(
                Objects.requireNonNull(response.getResult()).getOutput().getText(), "");
    }
}
