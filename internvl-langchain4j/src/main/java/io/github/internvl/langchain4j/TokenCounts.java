package io.github.internvl.langchain4j;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.TokenCountEstimator;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ToolChoice;
import java.util.ArrayList;
import java.util.List;

/**
 * The counts of a model's tokens. Messages count as the prompt that they make, the template's words and the default tools included; where
 * they ask nothing, an empty question follows. A single message counts as what it adds to the prompt of an empty question. Fetches and
 * decodes pictures, and tiles them. Thread-safe.
 */
record TokenCounts(Binding shared) implements TokenCountEstimator {
    @Override
    public int estimateTokenCountInText(String text) {
        return Failures.translated(() -> shared.model().tokenizer().encode(text, false)).length;
    }

    @Override
    public int estimateTokenCountInMessage(ChatMessage message) {
        int empty = estimateTokenCountInMessages(List.of());
        return Math.max(
                0,
                estimateTokenCountInMessages(List.of(message))
                        - empty); // a system message may be shorter than the model's own
    }

    @Override
    public int estimateTokenCountInMessages(Iterable<ChatMessage> messages) {
        List<ChatMessage> prompt = new ArrayList<>();
        boolean asks = false;
        for (ChatMessage message : messages) {
            prompt.add(message);
            asks = message instanceof SystemMessage ? asks : !(message instanceof AiMessage);
        }
        if (!asks) {
            prompt.add(UserMessage.from(""));
        }
        ToolChoice choice = shared.defaults().toolChoice();
        ChatRequest request = ChatRequest.builder()
                .messages(prompt)
                .parameters(InternVLChatRequestParameters.builder()
                        .overrideWith(shared.defaults())
                        .toolChoice(choice == ToolChoice.NONE ? choice : ToolChoice.AUTO) // no tool need be there yet
                        .requiredTool(null)
                        .build())
                .build();
        return Failures.translated(() -> shared.model().countTokens(shared.read(request)));
    }
}
