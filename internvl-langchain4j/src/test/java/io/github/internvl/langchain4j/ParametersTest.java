package io.github.internvl.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import io.github.internvl.InternVL;
import io.github.internvl.OutputFormat;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The parameters of a request over the defaults of its model. */
@Timeout(120)
class ParametersTest {
    private static final Content STAR = TextContent.from("What color is the star?");
    private static final ToolSpecification CLOCK =
            ToolSpecification.builder().name("clock").build();

    private final InternVL model = Subject.DEMO;
    private final InternVLChatModel chat = InternVLChatModel.builder(model).build();

    @Test
    void letsTheResponseFormatOfARequestReplaceADefaultFormat() {
        InternVLChatRequestParameters defaults = InternVLChatRequestParameters.builder()
                .format(OutputFormat.choice("red"))
                .build();
        ResponseFormat json =
                ResponseFormat.builder().type(ResponseFormatType.JSON).build();
        ChatRequestParameters schema =
                ChatRequestParameters.builder().responseFormat(json).build();
        assertThat(defaults.overrideWith(schema).format()).isNull();
        assertThat(defaults.overrideWith(schema).responseFormat()).isEqualTo(json);
        assertThat(schema.defaultedBy(defaults)).isEqualTo(defaults.overrideWith(schema));
        InternVLChatRequestParameters back = InternVLChatRequestParameters.builder()
                .responseFormat(json)
                .build()
                .overrideWith(defaults);
        assertThat(back.responseFormat()).isNull();
        assertThat(back.format()).isEqualTo(defaults.format());
        assertThatThrownBy(() -> chat.chat(InternVLChatModelTest.request(
                        InternVLChatRequestParameters.builder()
                                .format(OutputFormat.choice("red"))
                                .responseFormat(json)
                                .build(),
                        STAR)))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("a format or a responseFormat");
    }

    @Test
    void letsTheToolChoiceOfARequestReplaceADefaultTool() {
        InternVLChatModel clock = InternVLChatModel.builder(model)
                .defaultRequestParameters(InternVLChatRequestParameters.builder()
                        .toolSpecifications(CLOCK)
                        .requiredTool("clock")
                        .maxOutputTokens(8)
                        .build())
                .build();
        AiMessage answer = clock.chat(InternVLChatModelTest.request(
                        InternVLChatRequestParameters.builder()
                                .toolChoice(ToolChoice.NONE)
                                .build(),
                        STAR))
                .aiMessage();
        assertThat(answer.hasToolExecutionRequests()).isFalse();
        assertThat(InternVLChatRequestParameters.builder()
                        .toolChoice(ToolChoice.NONE)
                        .build()
                        .overrideWith(InternVLChatRequestParameters.builder()
                                .requiredTool("clock")
                                .build())
                        .toolChoice())
                .isNull();
        assertThatThrownBy(() -> clock.chat(InternVLChatModelTest.request(
                        InternVLChatRequestParameters.builder()
                                .requiredTool("clock")
                                .toolChoice(ToolChoice.AUTO)
                                .build(),
                        STAR)))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("toolChoice must be REQUIRED beside requiredTool");
    }

    @Test
    void mergesParametersOfARequestOverTheDefaults() {
        InternVLChatRequestParameters ours = InternVLChatRequestParameters.builder()
                .seed(1L)
                .maxTiles(2)
                .videoFrames(8)
                .priority(3)
                .temperature(0.5)
                .build();
        ChatRequestParameters theirs =
                ChatRequestParameters.builder().temperature(0.7).topK(5).build();
        InternVLChatRequestParameters merged = ours.overrideWith(theirs);
        assertThat(merged)
                .isEqualTo(theirs.defaultedBy(ours))
                .isEqualTo(InternVLChatRequestParameters.builder()
                        .seed(1L)
                        .maxTiles(2)
                        .videoFrames(8)
                        .priority(3)
                        .temperature(0.7)
                        .topK(5)
                        .build())
                .isNotEqualTo(ours);
        assertThat(ours.defaultedBy(InternVLChatRequestParameters.builder()
                        .seed(2L)
                        .timeout(Duration.ofSeconds(1))
                        .build()))
                .isEqualTo(ours.overrideWith(InternVLChatRequestParameters.builder()
                        .timeout(Duration.ofSeconds(1))
                        .build()));
        assertThat(merged.toString()).contains("seed=1", "temperature=0.7");
    }

    @Test
    void refusesDefaultsThatCannotBe() {
        InternVLChatModel.Builder builder = InternVLChatModel.builder(model);
        assertThatThrownBy(() -> builder.defaultRequestParameters(InternVLChatRequestParameters.builder()
                                .maxOutputTokens(0)
                                .build())
                        .build())
                .isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> builder.defaultRequestParameters(InternVLChatRequestParameters.builder()
                                .requiredTool("clock")
                                .build())
                        .build()
                        .chat("Hi"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("clock");
        assertThatThrownBy(() -> builder.defaultRequestParameters(InternVLChatRequestParameters.builder()
                                .videoFrames(0)
                                .build())
                        .build())
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("videoFrames must be at least 1");
        ChatRequestParameters foreign =
                new DefaultChatRequestParameters(new DefaultChatRequestParameters.Builder<>()) {};
        assertThatThrownBy(() -> chat.chat(InternVLChatModelTest.request(foreign, STAR)))
                .isInstanceOf(UnsupportedFeatureException.class)
                .hasMessageContaining("parameters of another provider");
    }
}
