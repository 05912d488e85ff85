package io.github.internvl.langchain4j;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.TokenCountEstimator;
import dev.langchain4j.model.chat.request.ChatRequest;
import java.util.ArrayList;
import java.util.List;

/**
 * The counts of a model's tokens. Messages count as the prompt that they make, the template's words and the default tools included; where
 * the last one asks nothing, an empty question follows. Fetches and decodes pictures, and tiles them. Thread-safe.
 */
record TokenCounts(Binding shared) implements TokenCountEstimator {
    @Override
    public int estimateTokenCountInText(String text) {
        return Failures.translated(() -> shared.model().tokenizer().encode(text)).length;
    }

    @Override
    public int estimateTokenCountInMessage(ChatMessage message) {
        return estimateTokenCountInMessages(List.of(message));
    }

    @Override
    public int estimateTokenCountInMessages(Iterable<ChatMessage> messages) {
        List<ChatMessage> prompt = new ArrayList<>();
        messages.forEach(prompt::add);
        ChatMessage last = prompt.isEmpty() ? SystemMessage.from(" ") : prompt.get(prompt.size() - 1);
        if (last instanceof SystemMessage || last instanceof AiMessage) {
            prompt.add(UserMessage.from(""));
        }
        ChatRequest request = ChatRequest.builder()
                .messages(prompt)
                .parameters(shared.defaults())
                .build();
        return Failures.translated(() -> shared.model().countTokens(shared.read(request)));
    }
}
