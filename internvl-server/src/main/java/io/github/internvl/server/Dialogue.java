package io.github.internvl.server;

import io.github.internvl.ChatRequest;
import io.github.internvl.Turn;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The {@code messages} of a request as a question with a history. Messages of one side that follow each other are one; results
 * of tools are questions; system messages make one at the beginning. Used by one thread.
 */
final class Dialogue {
    private final List<String> system = new ArrayList<>();
    private final List<Turn> rounds = new ArrayList<>();
    private final List<String> results = new ArrayList<>();
    private final List<String> answers = new ArrayList<>();
    private @Nullable UserMessage question;

    private Dialogue() {}

    /** Reads all messages of a field into a request; pictures are decoded. */
    static ChatRequest.Builder read(Fields body, String name, Media media, Memory.Share memory) {
        Dialogue dialogue = new Dialogue();
        List<Fields> messages = body.objects(name);
        for (Fields message : messages) {
            dialogue.add(message, media, memory);
        }
        if (messages.isEmpty() || !dialogue.isAsking()) {
            throw body.wrong(name, "must end with a question: a message of the role user or tool");
        }
        return dialogue.request();
    }

    private void add(Fields message, Media media, Memory.Share memory) {
        String role = message.needed("role");
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
            default -> throw message.wrong("role", "must be system, developer, user, assistant or tool");
        }
    }

    /** Before a question comes: what was answered last belongs to the question before. */
    private void endRound() {
        if (!answers.isEmpty()) {
            UserMessage asked = asked();
            rounds.add(new Turn(asked.text(), asked.images(), asked.maxTiles(), String.join("\n", answers)));
            answers.clear();
            results.clear();
            question = null;
        }
    }

    private boolean isAsking() {
        return answers.isEmpty() && (question != null || !results.isEmpty());
    }

    /** The question with the results of tools in front. */
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

    private static String answer(Fields message) {
        List<String> parts = new ArrayList<>();
        if (message.has("content")) {
            parts.add(plainText(message));
        }
        for (Fields call : message.objects("tool_calls")) {
            parts.add(CallText.of(call));
        }
        return String.join("\n", parts);
    }

    /** Content that is text alone: a string, or parts of text. */
    private static String plainText(Fields message) {
        if (message.any("content") == null) {
            throw message.wrong("content", "must be there");
        }
        if (!message.any("content").isJsonArray()) {
            return message.needed("content");
        }
        List<String> texts = new ArrayList<>();
        for (Fields part : message.objects("content")) {
            String type = part.needed("type");
            if (!type.equals("text") && !type.equals("refusal")) {
                throw part.wrong("type", "must be text in a message of the role " + message.string("role"));
            }
            texts.add(part.needed(type));
        }
        return String.join("\n", texts);
    }
}
