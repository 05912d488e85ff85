package io.github.internvl.spring.ai;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.InternVL;
import io.github.internvl.demo.DemoModel;
import io.github.internvl.spring.boot.InternVLAutoConfiguration;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration;
import org.springframework.ai.model.tool.autoconfigure.ToolCallingAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** An application's context with the chat model, over the demo model. */
@Timeout(120)
class InternVLChatAutoConfigurationTest {
    private final ApplicationContextRunner runner = new ApplicationContextRunner()
            .withPropertyValues("internvl.model=" + DemoModel.path())
            .withConfiguration(AutoConfigurations.of(
                    InternVLAutoConfiguration.class,
                    InternVLChatAutoConfiguration.class,
                    ToolCallingAutoConfiguration.class,
                    ChatClientAutoConfiguration.class));

    @Test
    void answersThroughTheChatClientOfTheApplication() {
        runner.run(context -> assertThat(context.getBean(ChatClient.Builder.class)
                        .build()
                        .prompt("Why?")
                        .call()
                        .content())
                .isEqualTo(context.getBean(InternVL.class).chat("Why?").text()));
    }

    @Test
    void takesTheOptionsOfTheProperties() {
        runner.withPropertyValues(
                        "spring.ai.internvl.chat.temperature=0.2",
                        "spring.ai.internvl.chat.max-tokens=9",
                        "spring.ai.internvl.chat.stop-sequences=x,y",
                        "spring.ai.internvl.chat.timeout=5s")
                .run(context -> {
                    InternVLChatOptions options =
                            context.getBean(InternVLChatModel.class).getOptions();
                    assertThat(options.getTemperature()).isEqualTo(0.2);
                    assertThat(options.getMaxTokens()).isEqualTo(9);
                    assertThat(options.getStopSequences()).containsExactly("x", "y");
                    assertThat(options.getTimeout()).isEqualTo(Duration.ofSeconds(5));
                });
    }

    @ParameterizedTest
    @CsvSource({"top-p,2", "max-tokens,0", "max-tiles,0", "video-frames,0", "timeout,0s"})
    void namesThePropertyThatNoRequestCanHave(String name, String value) {
        runner.withPropertyValues("spring.ai.internvl.chat." + name + "=" + value)
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .isInstanceOf(InvalidConfigurationPropertyValueException.class)
                        .hasMessageContaining("spring.ai.internvl.chat." + name));
    }

    @Test
    void givesWayToAnotherProviderAndWhereThereIsNoModel() {
        runner.withPropertyValues("spring.ai.model.chat=ollama")
                .run(context -> assertThat(context).doesNotHaveBean(ChatModel.class));
        runner.withPropertyValues("internvl.enabled=false")
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(ChatModel.class));
    }

    @Test
    void prefersTheApplicationsOwnChatModel() {
        try (InternVL model = InternVL.load(DemoModel.path())) {
            InternVLChatModel own = InternVLChatModel.builder(model).build();
            runner.withBean(InternVLChatModel.class, () -> own)
                    .run(context ->
                            assertThat(context).getBean(InternVLChatModel.class).isSameAs(own));
        }
    }
}
