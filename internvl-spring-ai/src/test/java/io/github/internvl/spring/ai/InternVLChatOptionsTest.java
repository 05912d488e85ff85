package io.github.internvl.spring.ai;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.OutputFormat;
import io.github.internvl.Tool;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.model.tool.StructuredOutputChatOptions;
import org.springframework.ai.test.options.AbstractChatOptionsTests;

/** Spring AI's tests of options, and what options of InternVL add. */
class InternVLChatOptionsTest extends AbstractChatOptionsTests<InternVLChatOptions, InternVLChatOptions.Builder> {
    private static final String SCHEMA = "{\"type\": \"object\", \"properties\": {\"color\": {\"type\": \"string\"}}}";

    private final InternVLChatOptions all = InternVLChatOptions.builder()
            .model("demo")
            .temperature(0.5)
            .stopSequences(List.of("."))
            .maxTiles(6)
            .videoFrames(4)
            .seed(7L)
            .timeout(Duration.ofSeconds(3))
            .priority(1)
            .toolChoice(Tool.Choice.none())
            .outputSchema(SCHEMA)
            .build();

    @Override
    protected Class<InternVLChatOptions> getConcreteOptionsClass() {
        return InternVLChatOptions.class;
    }

    @Override
    protected InternVLChatOptions.Builder readyToBuildBuilder() {
        return all.mutate();
    }

    @Test
    void keepsWhatAnotherBuilderLeavesOpen() {
        InternVLChatOptions combined = all.mutate()
                .combineWith(InternVLChatOptions.builder().maxTiles(1).temperature(0.0))
                .build();
        assertThat(combined)
                .isEqualTo(all.mutate().maxTiles(1).temperature(0.0).build())
                .isNotEqualTo(all);
        assertThat(combined.getSeed()).isEqualTo(7);
    }

    @Test
    void takesOverOptionsOfAnotherKind() {
        InternVLChatOptions taken = InternVLChatOptions.builder()
                .combineWith(ChatOptions.builder().maxTokens(5))
                .combineWith((ChatOptions.Builder<?>)
                        StructuredOutputChatOptions.builder().outputSchema(SCHEMA))
                .build();
        assertThat(taken.getMaxTokens()).isEqualTo(5);
        assertThat(taken.getOutputSchema()).isEqualTo(SCHEMA);
    }

    @Test
    void hasOneFormatOrOneSchema() {
        assertThat(all.getFormat()).isEqualTo(OutputFormat.jsonSchema(SCHEMA));
        assertThat(all.mutate().format(OutputFormat.choice("a", "b")).build().getOutputSchema())
                .isNull();
        assertThat(all.mutate().outputSchema(null).build().getFormat()).isNull();
    }
}
