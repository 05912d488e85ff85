package io.github.internvl.server.openai;

import io.github.internvl.ChatRequest;
import io.github.internvl.server.http.HeapBudget;
import io.github.internvl.server.http.JsonFields;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A reader of {@code messages}, which makes a question with a history of them. Consecutive messages of one role are joined; tool
 * results count as user messages; system messages are joined at the beginning. Used by one thread.
 */
final class MessageReader {
    private final List<String> system = new ArrayList<>();
    private final List<ChatRequest.Turn> rounds = new ArrayList<>();
    private final List<String> results = new ArrayList<>();
    private final List<String> answers = new ArrayList<>();
    private @Nullable UserMessage question;

    private MessageReader() {}

    /** Reads the messages of a field into a request, and decodes their pictures. */
    static ChatRequest.Builder read(JsonFields body, String name, MediaReader media, HeapBudget.Share memory) {
        MessageReader reader = new MessageReader();
        List<JsonFields> messages = body.objects(name);
        for (JsonFields message : messages) {
            reader.add(message, media, memory);
        }
        if (messages.isEmpty() || !reader.isAsking()) {
            throw body.invalid(name, "must end with a message of the role user or tool");
        }
        return reader.request();
    }

    private void add(JsonFields message, MediaReader media, HeapBudget.Share memory) {
        String role = message.required("role");
        switch (role) {
            case "system", "developer" -> system.add(UserMessage.withoutTags(plainText(message)));
            case "user" -> {
                endRound();
                UserMessage read = UserMessage.read(message, media, memory);
                question = question == null ? read : question.and(read, message);
            }
            case "tool" -> {
                endRound();
                results.add(UserMessage.withoutTags(plainText(message)));
            }
            case "assistant" -> answers.add(UserMessage.withoutTags(answer(message)));
            default -> throw message.invalid("role", "must be system, developer, user, assistant or tool");
        }
    }

    /** Closes the previous round before a new question: the answers so far belong to the earlier question. */
    private void endRound() {
        if (!answers.isEmpty()) {
            UserMessage asked = asked();
            ChatRequest.Tiling tiling = asked.maxTiles().isPresent()
                    ? ChatRequest.Tiling.OPEN.withMaxTiles(asked.maxTiles().getAsInt())
                    : ChatRequest.Tiling.OPEN;
            rounds.add(new ChatRequest.Turn(asked.text(), asked.images(), tiling, String.join("\n", answers)));
            answers.clear();
            results.clear();
            question = null;
        }
    }

    private boolean isAsking() {
        return answers.isEmpty() && (question != null || !results.isEmpty());
    }

    /** The question, with tool results in front. */
    private UserMessage asked() {
        UserMessage own = question == null ? UserMessage.NONE : question;
        if (results.isEmpty()) {
            return own;
        }
        String told = ChatRequest.builder()
                .toolResults(results.toArray(String[]::new))
                .build()
                .text();
        return question == null ? own.withText(told) : own.after(told);
    }

    private ChatRequest.Builder request() {
        UserMessage asked = asked();
        ChatRequest.Builder request =
                ChatRequest.builder().text(asked.text()).images(asked.images()).history(rounds);
        asked.maxTiles().ifPresent(request::maxTiles);
        if (!system.isEmpty()) {
            request.systemMessage(String.join("\n\n", system));
        }
        return request;
    }

    private static String answer(JsonFields message) {
        List<String> parts = new ArrayList<>();
        if (message.has("content")) {
            parts.add(plainText(message));
        }
        for (JsonFields call : message.objects("tool_calls")) {
            parts.add(CallText.of(call));
        }
        return String.join("\n", parts);
    }

    /** Content of text only: a string, or text parts. */
    private static String plainText(JsonFields message) {
        if (message.any("content") == null) {
            throw message.invalid("content", "is required");
        }
        if (!message.any("content").isJsonArray()) {
            return message.required("content");
        }
        List<String> texts = new ArrayList<>();
        for (JsonFields part : message.objects("content")) {
            String type = part.required("type");
            if (!type.equals("text") && !type.equals("refusal")) {
                throw part.invalid("type", "must be text in a message of the role " + message.string("role"));
            }
            texts.add(part.required(type));
        }
        return String.join("\n", texts);
    }
}
