package io.github.internvl.internal.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.internal.checkpoint.ChatTemplate.Turn;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChatTemplateTest {
    private static final List<Turn> DIALOGUE = List.of(new Turn("one", "two"), new Turn("three"));

    private final ChatTemplate template = ChatTemplate.named("internvl2_5").withSystemMessage("Be brief.");

    @Test
    void leavesTheLastAnswerOpen() {
        assertThat(template.render(DIALOGUE)).isEqualTo("""
                        <|im_start|>system
                        Be brief.<|im_end|>
                        <|im_start|>user
                        one<|im_end|>
                        <|im_start|>assistant
                        two<|im_end|>
                        <|im_start|>user
                        three<|im_end|>
                        <|im_start|>assistant
                        """);
    }

    @Test
    void closesADialogueThatEndsWithAnAnswer() {
        assertThat(template.render(List.of(new Turn("one", " two "))))
                .endsWith("<|im_start|>assistant\n two <|im_end|>\n");
    }

    @Test
    void writesOnlyTheHeadOfAnEmptyMessage() {
        assertThat(template.render(List.of(new Turn("one", ""), new Turn("", "two"))))
                .endsWith(
                        "one<|im_end|>\n<|im_start|>assistant\n<|im_start|>user\n<|im_start|>assistant\ntwo<|im_end|>\n");
    }

    @Test
    void alwaysWritesTheSystemBlock() {
        assertThat(template.withSystemMessage("").render(List.of())).isEqualTo("<|im_start|>system\n<|im_end|>\n");
    }

    @Test
    void keepsTheDefaultWhenAnotherSystemMessageIsSet() {
        assertThat(template.systemMessage()).contains("Be brief.");
        assertThat(ChatTemplate.named("internvl2_5").systemMessage().orElseThrow())
                .startsWith("你是书生·万象，英文名是InternVL，");
    }

    @ParameterizedTest
    @CsvSource({
        "internvl2_5, <|im_end|>",
        "internlm2-chat, <|im_end|>",
        "Hermes-2, <|im_end|>",
        "phi3-chat, <|end|>",
        "internvl_zh, </s>"
    })
    void cutsAnswersAtItsSeparator(String name, String stopText) {
        assertThat(ChatTemplate.named(name).stopText()).isEqualTo(stopText);
    }

    @ParameterizedTest
    @CsvSource({
        "internlm2-chat, '<|im_start|>system|S<|im_end|><|im_start|>user|one<|im_end|><|im_start|>assistant|two<|im_end|>"
                + "<|im_start|>user|three<|im_end|><|im_start|>assistant|'",
        "Hermes-2, '<|im_start|>system|S<|im_end|><|im_start|>user|one<|im_end|><|im_start|>assistant|two<|im_end|>"
                + "<|im_start|>user|three<|im_end|><|im_start|>assistant|'",
        "phi3-chat, '<|system|>|S<|end|><|user|>|one<|end|><|assistant|>|two<|end|><|user|>|three<|end|><|assistant|>|'",
        "internvl_zh, 'S <human>: one <bot>: two</s><human>: three <bot>:'"
    })
    void rendersTheFormatsOfEarlierModels(String name, String prompt) {
        String rendered = ChatTemplate.named(name).withSystemMessage("S").render(DIALOGUE);
        assertThat(rendered.replace('\n', '|')).isEqualTo(prompt);
    }

    @Test
    void listsTheKnownFormatsWhenAskedForAnother() {
        assertThatThrownBy(() -> ChatTemplate.named("vicuna"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "template must be one of [Hermes-2, internlm2-chat, internvl2_5, internvl_zh, phi3-chat]: vicuna");
    }
}
