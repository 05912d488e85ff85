package io.github.internvl.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.AudioContent;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.ImageContent.DetailLevel;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.data.message.VideoContent;
import dev.langchain4j.exception.InternalServerException;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.exception.TimeoutException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.TokenCountEstimator;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonRawSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import io.github.internvl.ChatStream;
import io.github.internvl.GenerationConfig;
import io.github.internvl.InternVL;
import io.github.internvl.InternVLBuilder;
import io.github.internvl.OutputFormat;
import io.github.internvl.Precision;
import io.github.internvl.demo.DemoModel;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The demo model by its own knowledge, without a script. */
@Timeout(120)
class InternVLChatModelTest {
    private static final Content STAR = TextContent.from("What color is the star?");
    private static final ToolSpecification CLOCK =
            ToolSpecification.builder().name("clock").build();
    private static final ToolSpecification WEATHER = ToolSpecification.builder()
            .name("weather")
            .parameters(JsonObjectSchema.builder()
                    .addEnumProperty("place", List.of("Paris", "Rome"))
                    .required("place")
                    .build())
            .build();

    private final InternVL model = Subject.DEMO;
    private final InternVLChatModel chat = InternVLChatModel.builder(model).build();

    static InternVLBuilder demo() {
        return InternVL.builder(DemoModel.path())
                .device("cpu")
                .precision(Precision.FLOAT32)
                .maxConcurrent(2);
    }

    private static String base64(String sample) {
        try {
            return Base64.getEncoder().encodeToString(Files.readAllBytes(DemoModel.sample(sample)));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    static ImageContent picture(String sample, DetailLevel detail) {
        return ImageContent.from(base64(sample), "image/png", detail);
    }

    static ChatRequest request(ChatRequestParameters parameters, Content... contents) {
        return ChatRequest.builder()
                .messages(UserMessage.from(contents))
                .parameters(parameters)
                .build();
    }

    private static InternVLChatRequestParameters.Builder parameters() {
        return InternVLChatRequestParameters.builder();
    }

    private static InternVLChatResponseMetadata metadata(ChatResponse response) {
        return (InternVLChatResponseMetadata) response.metadata();
    }

    @Test
    void answersAboutAPicture() {
        ImageContent shapes = picture("shapes.png", DetailLevel.AUTO);
        assertThat(chat.chat(UserMessage.from(shapes, STAR)).aiMessage().text()).isEqualTo("green");
        ImageContent url = ImageContent.from("data:image/png;base64," + base64("shapes.png"), DetailLevel.AUTO);
        assertThat(chat.chat(UserMessage.from(url, STAR)).aiMessage().text()).isEqualTo("green");
    }

    @ParameterizedTest
    @CsvSource({"LOW, 6", "MEDIUM, 12", "HIGH, 24", "ULTRA_HIGH, 40", "AUTO, 6"})
    void takesTheTilesOfADetailLevel(DetailLevel detail, int tiles) {
        ImageContent wide = picture("shapes-wide.png", detail);
        io.github.internvl.ChatRequest own = io.github.internvl.ChatRequest.builder()
                .text("Hi", io.github.internvl.vision.Image.open(DemoModel.sample("shapes-wide.png")))
                .maxTiles(tiles)
                .build();
        ChatResponse answer = chat.chat(request(parameters().maxOutputTokens(1).build(), wide, TextContent.from("Hi")));
        assertThat(answer.tokenUsage().inputTokenCount()).isEqualTo(model.countTokens(own));
    }

    @Test
    void takesTheTilesOfTheRequestInPlaceOfADetailLevel() {
        ImageContent wide = picture("shapes-wide.png", DetailLevel.HIGH);
        ChatResponse answer =
                chat.chat(request(parameters().maxTiles(1).maxOutputTokens(1).build(), wide, STAR));
        assertThat(metadata(answer).usage().visualTokens())
                .isEqualTo(model.info().tokensPerTile());
    }

    @Test
    void looksAtTheFramesOfAVideo() {
        VideoContent clip = VideoContent.from(base64("clip.mp4"), "video/mp4");
        Content question = TextContent.from("What moves in the video?");
        ChatResponse usual = chat.chat(UserMessage.from(clip, question));
        assertThat(metadata(usual).usage().visualTokens())
                .isEqualTo(32 * model.info().tokensPerTile());
        ChatResponse few = chat.chat(request(parameters().videoFrames(3).build(), clip, question));
        assertThat(metadata(few).usage().visualTokens())
                .isEqualTo(3 * model.info().tokensPerTile());
    }

    @Test
    void fetchesNothingWithoutRules() {
        for (String url : List.of(PictureServer.url("cat.jpg"), "https://example.com/a.png", "file:///etc/passwd")) {
            assertThatThrownBy(() -> chat.chat(UserMessage.from(ImageContent.from(url), STAR)))
                    .isInstanceOf(UnsupportedFeatureException.class)
                    .hasMessageContaining("remoteMedia");
        }
        assertThatThrownBy(() -> chat.chat(UserMessage.from(VideoContent.from("https://example.com/a.mp4"), STAR)))
                .isInstanceOf(UnsupportedFeatureException.class);
        assertThatThrownBy(() -> chat.chat(UserMessage.from(AudioContent.from("AAAA", "audio/wav"))))
                .isInstanceOf(UnsupportedFeatureException.class)
                .hasMessageContaining("AUDIO");
    }

    @Test
    void keepsAFormatOfOurs() {
        Content shapes = picture("shapes.png", DetailLevel.AUTO);
        ChatResponse choice = chat.chat(
                request(parameters().format(OutputFormat.choice("red", "blue")).build(), shapes, STAR));
        assertThat(choice.aiMessage().text()).isIn("red", "blue");
        ChatResponse regex = chat.chat(
                request(parameters().format(OutputFormat.regex("[A-Z]{3}")).build(), shapes, STAR));
        assertThat(regex.aiMessage().text()).matches("[A-Z]{3}");
    }

    @Test
    void takesTagsInWordsForText() {
        ImageContent shapes = picture("shapes.png", DetailLevel.AUTO);
        TokenCountEstimator counter = chat.tokenCountEstimator();
        assertThat(counter.estimateTokenCountInMessage(UserMessage.from(shapes, TextContent.from("<image> <image>"))))
                .isEqualTo(counter.estimateTokenCountInMessage(
                        UserMessage.from(shapes, TextContent.from("< image> < image>"))));
    }

    @Test
    void takesACallThatLacksItsIdAndItsArguments() {
        List<ChatMessage> messages = List.of(
                UserMessage.from("When?"),
                AiMessage.from(ToolExecutionRequest.builder().name("clock").build()),
                ToolExecutionResultMessage.builder()
                        .toolName("clock")
                        .text("noon")
                        .build());
        AiMessage answer = chat.chat(ChatRequest.builder()
                        .messages(messages)
                        .maxOutputTokens(2)
                        .build())
                .aiMessage();
        assertThat(answer).isNotNull();
    }

    @Test
    void allowsConstantsThatAreNull() {
        JsonRawSchema constant = JsonRawSchema.from("{\"const\": null}");
        ResponseFormat format = ResponseFormat.builder()
                .type(ResponseFormatType.JSON)
                .jsonSchema(
                        JsonSchema.builder().name("none").rootElement(constant).build())
                .build();
        assertThat(chat.chat(request(parameters().responseFormat(format).build(), STAR))
                        .aiMessage()
                        .text())
                .isEqualTo("null");
    }

    @Test
    void callsTheToolThatItMust() {
        for (String name : List.of("clock", "weather")) {
            AiMessage answer = chat.chat(request(
                            parameters()
                                    .toolSpecifications(CLOCK, WEATHER)
                                    .requiredTool(name)
                                    .build(),
                            STAR))
                    .aiMessage();
            assertThat(answer.text()).isNull();
            assertThat(answer.toolExecutionRequests())
                    .singleElement()
                    .satisfies(call -> assertThat(call.name()).isEqualTo(name));
        }
        ChatRequest none = request(
                parameters()
                        .toolSpecifications(WEATHER)
                        .toolChoice(ToolChoice.NONE)
                        .maxOutputTokens(1)
                        .build(),
                STAR);
        ChatRequest without = request(parameters().maxOutputTokens(1).build(), STAR);
        assertThat(chat.chat(none).tokenUsage().inputTokenCount())
                .isEqualTo(chat.chat(without).tokenUsage().inputTokenCount());
    }

    @Test
    void showsThePicturesOfAToolsResult() {
        ToolExecutionRequest call = ToolExecutionRequest.builder()
                .id("a")
                .name("photo")
                .arguments("{}")
                .build();
        List<ChatMessage> messages = List.of(
                UserMessage.from("What color is the star?"),
                AiMessage.from(call),
                ToolExecutionResultMessage.builder()
                        .id("a")
                        .toolName("photo")
                        .contents(TextContent.from("a photo"), picture("shapes.png", DetailLevel.AUTO))
                        .build());
        ChatResponse answer = chat.chat(
                ChatRequest.builder().messages(messages).maxOutputTokens(2).build());
        assertThat(metadata(answer).usage().visualTokens()).isPositive();
        assertThat(answer.tokenUsage().inputTokenCount())
                .isEqualTo(chat.tokenCountEstimator().estimateTokenCountInMessages(messages));
    }

    @Test
    void drawsTheSameFromItsSeed() {
        ChatRequest sampled = request(
                parameters().temperature(2.0).seed(7L).maxOutputTokens(20).build(), STAR);
        assertThat(chat.chat(sampled).aiMessage()).isEqualTo(chat.chat(sampled).aiMessage());
        ChatRequest greedy = request(parameters().maxOutputTokens(20).build(), STAR);
        ChatRequest cold = request(
                parameters().temperature(0.0).topP(0.5).maxOutputTokens(20).build(), STAR);
        assertThat(chat.chat(cold).aiMessage()).isEqualTo(chat.chat(greedy).aiMessage());
    }

    @Test
    void reportsTimesAndBoxes() {
        Content question = TextContent.from("Please provide the bounding box coordinate of the region this sentence"
                + " describes: <ref>red circle</ref>");
        ChatResponse answer = chat.chat(UserMessage.from(picture("shapes.png", DetailLevel.AUTO), question));
        InternVLChatResponseMetadata metadata = metadata(answer);
        assertThat(metadata.boxes()).isNotEmpty();
        assertThat(metadata.timings().vision()).isPositive();
        assertThat(metadata.id()).isNotEqualTo(chat.chat(UserMessage.from("Hi")).id());
        assertThat(metadata.modelName()).isEqualTo(model.info().name());
        assertThat(metadata.toBuilder().build()).isEqualTo(metadata).hasSameHashCodeAs(metadata);
        assertThat(metadata.toBuilder().id("b").build()).isInstanceOf(InternVLChatResponseMetadata.class);
    }

    @Test
    void throwsTheExceptionsOfLangChain4j() {
        UserMessage question = UserMessage.from(STAR);
        assertThatThrownBy(() -> chat.chat(request(parameters().topP(2.0).build(), STAR)))
                .isInstanceOf(InvalidRequestException.class)
                .hasCauseInstanceOf(io.github.internvl.InvalidRequestException.class);
        assertThatThrownBy(() -> chat.chat(UserMessage.from("long ".repeat(5000))))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("4096");
        assertThatThrownBy(() -> chat.chat(UserMessage.from(ImageContent.from("bm9uZQ==", "image/png"), STAR)))
                .isInstanceOf(InvalidRequestException.class)
                .hasCauseInstanceOf(io.github.internvl.vision.spi.MediaException.class);
        assertThatThrownBy(() -> endless(model)
                        .chat(request(
                                parameters().timeout(Duration.ofMillis(50)).build(), STAR)))
                .isInstanceOf(TimeoutException.class);
        InternVL closed = demo().load();
        closed.close();
        assertThatThrownBy(() -> InternVLChatModel.builder(closed).build().chat(question))
                .isInstanceOf(InternalServerException.class);
    }

    /** A chat model whose answers never end by themselves. */
    static InternVLChatModel endless(InternVL model) {
        return InternVLChatModel.builder(model)
                .lastChange(request -> request.toBuilder()
                        .generation(GenerationConfig.builder()
                                .ignoreEnd(true)
                                .maxNewTokens(3900)
                                .build())
                        .build())
                .build();
    }

    @Test
    void saysThatTheQueueIsFull() {
        try (InternVL busy = demo().maxConcurrent(1).maxWaiting(1).load()) {
            ChatStream running = busy.stream(endlessRequest());
            assertThat(running.iterator().hasNext()).isTrue();
            ChatStream waiting = busy.stream(endlessRequest());
            assertThatThrownBy(() -> InternVLChatModel.builder(busy).build().chat("Hi"))
                    .isInstanceOf(RateLimitException.class);
            waiting.close();
            running.close();
        }
    }

    static io.github.internvl.ChatRequest endlessRequest() {
        return io.github.internvl.ChatRequest.builder()
                .text("Who are you?")
                .generation(GenerationConfig.builder()
                        .ignoreEnd(true)
                        .maxNewTokens(3900)
                        .build())
                .build();
    }

    @Test
    void closesTheModelThatItLoadedAlone() {
        InternVLChatModel borrower = InternVLChatModel.builder(model).build();
        borrower.close();
        assertThat(borrower.chat("Hi")).isNotNull();
        InternVLChatModel owner = InternVLChatModel.load(DemoModel.path().toString());
        assertThat(owner.chat("Hi")).isNotNull();
        owner.close();
        owner.close();
        assertThatThrownBy(() -> owner.chat("Hi")).isInstanceOf(InternalServerException.class);
    }
}
