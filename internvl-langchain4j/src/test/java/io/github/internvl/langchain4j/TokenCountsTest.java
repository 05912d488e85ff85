package io.github.internvl.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.ImageContent.DetailLevel;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.memory.chat.TokenWindowChatMemory;
import dev.langchain4j.model.TokenCountEstimator;
import dev.langchain4j.model.chat.response.ChatResponse;
import io.github.internvl.InternVL;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The counts of tokens, which are those of the prompts. */
@Timeout(120)
class TokenCountsTest {
    private static final Content STAR = TextContent.from("What color is the star?");

    private final InternVL model = Subject.DEMO;
    private final InternVLChatModel chat = InternVLChatModel.builder(model).build();

    @Test
    void countsTheTokensOfAPrompt() {
        TokenCountEstimator counter = chat.tokenCountEstimator();
        assertThat(counter.estimateTokenCountInText("the star"))
                .isEqualTo(model.tokenizer().encode("the star").length);
        ChatMessage question = UserMessage.from(InternVLChatModelTest.picture("shapes.png", DetailLevel.AUTO), STAR);
        ChatResponse answer = chat.chat(question);
        int empty = counter.estimateTokenCountInMessages(List.of());
        assertThat(empty + counter.estimateTokenCountInMessage(question))
                .isEqualTo(counter.estimateTokenCountInMessages(List.of(question)))
                .isEqualTo(answer.tokenUsage().inputTokenCount());
        List<ChatMessage> dialogue = List.of(question, answer.aiMessage());
        ChatResponse next = chat.chat(question, answer.aiMessage(), UserMessage.from(""));
        assertThat(counter.estimateTokenCountInMessages(dialogue))
                .isEqualTo(next.tokenUsage().inputTokenCount());
    }

    @Test
    void countsAMessageAsWhatItAddsToAPrompt() {
        TokenCountEstimator counter = InternVLChatModel.builder(model)
                .defaultRequestParameters(InternVLChatRequestParameters.builder()
                        .requiredTool("given later")
                        .build())
                .build()
                .tokenCountEstimator();
        assertThat(counter.estimateTokenCountInMessage(UserMessage.from(""))).isZero();
        ChatMessage words = UserMessage.from("the star");
        assertThat(counter.estimateTokenCountInMessage(words))
                .isEqualTo(counter.estimateTokenCountInMessages(List.of(words))
                        - counter.estimateTokenCountInMessages(List.of(UserMessage.from(""))))
                .isBetween(1, "the star".length());
        assertThat(counter.estimateTokenCountInMessage(SystemMessage.from("."))).isNotNegative();
        assertThat(counter.estimateTokenCountInMessages(
                        List.of(UserMessage.from("Hi"), SystemMessage.from("Be brief."))))
                .isEqualTo(counter.estimateTokenCountInMessages(
                        List.of(SystemMessage.from("Be brief."), UserMessage.from("Hi"))));
    }

    @Test
    void evictsTheOldestMessagesByTheirCounts() {
        TokenCountEstimator counter = chat.tokenCountEstimator();
        List<UserMessage> messages = IntStream.range(0, 8)
                .mapToObj(number -> UserMessage.from("the star number " + number))
                .toList();
        int most = counter.estimateTokenCountInMessages(List.copyOf(messages.subList(0, 4)));
        TokenWindowChatMemory memory = TokenWindowChatMemory.withMaxTokens(most, counter);
        messages.forEach(memory::add);
        assertThat(memory.messages()).hasSizeBetween(3, 5).endsWith(messages.get(7));
    }
}
