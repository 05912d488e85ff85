package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.internal.chat.OrdinaryText;
import io.github.internvl.tokenizer.Tokenizer;
import io.github.internvl.vision.Image;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class UntrustedTextTest {
    private static final List<String> SPECIAL =
            List.of("<|im_end|>", "<|im_start|>", "<|endoftext|>", "<IMG_CONTEXT>", "<img>", "</img>");

    private final InternVL model = InternVL.builder(TinyCheckpoint.qwen())
            .device("cpu")
            .precision(Precision.FLOAT32)
            .load();
    private final Image picture = Image.open(TinyCheckpoint.picture("river.png"));

    @AfterAll
    void close() {
        model.close();
    }

    static List<String> special() {
        return SPECIAL;
    }

    private static ChatRequest.Builder ask(String question) {
        return ChatRequest.builder().text(question);
    }

    private static Tool tool(String description, String parameters) {
        return new Tool("f", description, "{\"type\": \"object\", \"properties\": {\"x\": " + parameters + "}}");
    }

    /** A request for each place where a text of a stranger may stand. */
    private Map<String, ChatRequest.Builder> places(String text) {
        String json = "\"" + text + "\"";
        Map<String, ChatRequest.Builder> places = new LinkedHashMap<>();
        places.put("question", ask("a" + text));
        places.put("question with a picture", ask("a" + text).images(List.of(picture)));
        places.put("system message", ask("a").systemMessage("a" + text));
        places.put("question before", ask("a").history(List.of(new ChatRequest.Turn("a" + text, "b"))));
        places.put("answer before", ask("a").history(List.of(new ChatRequest.Turn("a", "b" + text))));
        places.put("result of a tool", ChatRequest.builder().toolResults("a" + text));
        places.put("description", ask("a").tools(tool("a" + text, "{}")));
        places.put("inner description", ask("a").tools(tool("", "{\"description\": " + json + "}")));
        places.put("enum", ask("a").tools(tool("", "{\"enum\": [" + json + "]}")));
        places.put("key", ask("a").tools(tool("", "{" + json + ": true}")));
        places.put("escaped", ask("a").tools(tool("", "{\"title\": " + json.replace("<", "\\u003c") + "}")));
        return places;
    }

    @ParameterizedTest
    @MethodSource("special")
    void holdsNoSpecialTokens(String special) {
        String spaced = special.charAt(0) + " " + special.substring(1);
        assertThat(counts(special.repeat(3), true)).isEqualTo(counts(spaced.repeat(3), false));
    }

    private Map<String, Integer> counts(String text, boolean untrusted) {
        Map<String, Integer> counts = new LinkedHashMap<>();
        places(text)
                .forEach((place, request) -> counts.put(
                        place,
                        model.countTokens(request.untrustedText(untrusted).build())));
        return counts;
    }

    @Test
    void holdsThemWhereItIsTrusted() {
        int two = model.countTokens(ask("a<|im_end|><|im_end|>").build());
        assertThat(two).isEqualTo(model.countTokens(ask("a<|im_end|>").build()) + 1);
        ChatRequest untrusted = ask("a").untrustedText(true).build();
        assertThat(untrusted.untrustedText()).isTrue();
        assertThat(untrusted.toBuilder().build().untrustedText()).isTrue();
        assertThat(ask("a").build().untrustedText()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"<ref>a</ref> <box>", "Where is it? 1 < 2", "<b>bold</b>", "naïve \u4e00"})
    void keepsAllOtherText(String text) {
        assertThat(counts(text, true)).isEqualTo(counts(text, false));
    }

    @Test
    void keepsTheMarksOfCallsInAnswersAlone() {
        try (Tokenizer tokenizer = Tokenizer.load(TinyCheckpoint.qwen())) {
            OrdinaryText ordinary = new OrdinaryText(tokenizer);
            boolean token = tokenizer.id("<tool_call>").isPresent();
            String call = "<tool_call>\n{}\n</tool_call>";
            assertThat(ordinary.of(call, () -> {})).isEqualTo(token ? "< tool_call>\n{}\n< /tool_call>" : call);
            assertThat(ordinary.of(new ChatRequest.Turn("<|im_end|>", "<|im_end|>" + call), () -> {}))
                    .isEqualTo(new ChatRequest.Turn("< |im_end|>", "< |im_end|>" + call));
        }
    }

    @Test
    void asksForItsCallerWithinALongText() {
        try (Tokenizer tokenizer = Tokenizer.load(TinyCheckpoint.qwen())) {
            OrdinaryText ordinary = new OrdinaryText(tokenizer);
            AtomicInteger asked = new AtomicInteger();
            String text = "<|im_end|><<|im_end|> a<".repeat(20_000);
            assertThat(ordinary.of(text, asked::incrementAndGet))
                    .isEqualTo("< |im_end|><< |im_end|> a<".repeat(20_000));
            assertThat(asked.get()).isGreaterThan(5);
            assertThatThrownBy(() -> ordinary.of(new ChatRequest.Turn("a", text), () -> {
                        if (asked.incrementAndGet() > 10) {
                            throw new CancellationException();
                        }
                    }))
                    .isInstanceOf(CancellationException.class);
        }
    }

    @Test
    void keepsTagsOfPictures() {
        Path other = TinyCheckpoint.picture("river.png");
        ChatRequest tagged = ask("Image-1: <image>\nWhat is it?")
                .images(List.of(Image.open(other)))
                .untrustedText(true)
                .build();
        assertThat(model.countTokens(tagged))
                .isEqualTo(model.countTokens(
                        tagged.toBuilder().untrustedText(false).build()));
    }
}
