package io.github.internvl;

import io.github.internvl.vision.Image;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A dialogue that remembers its rounds, as {@code model.chat(..., history, return_history=True)} does. Any question may bring
 * new pictures; pictures of earlier rounds keep their tiling. A system message and tools stay until others are given, and a
 * question with a format is asked without tools. A round is remembered when its answer is complete, not when it failed or was
 * cancelled. Not thread-safe: one question at a time.
 *
 * <p>The history holds the pictures themselves, three bytes a pixel on the Java heap. Each question sends the whole dialogue;
 * tokens that the model still has from an earlier round are not computed again ({@link ChatResponse.Usage}).
 */
public final class Conversation {
    private final InternVL model;
    // Both are written when an answer is complete, on the engine's thread.
    private volatile List<ChatRequest.Turn> history;
    private volatile @Nullable String systemMessage;
    private volatile List<Tool> tools = List.of();

    Conversation(InternVL model, List<ChatRequest.Turn> history) {
        this.model = model;
        this.history = List.copyOf(history);
    }

    /** Asks the next question and waits for the answer; throws what {@link InternVL#chat(ChatRequest)} throws. */
    public ChatResponse ask(String text, Image... images) {
        return ask(ChatRequest.of(text, images));
    }

    /** Answers the next request, which must have no history of its own. */
    public ChatResponse ask(ChatRequest question) {
        return start(question).response();
    }

    /** Asks the next question and streams the answer; the caller closes the stream. */
    public ChatStream stream(String text, Image... images) {
        return stream(ChatRequest.of(text, images));
    }

    /** Streams the answer to the next request, which must have no history of its own. */
    public ChatStream stream(ChatRequest question) {
        SettingsCheck.checkStreaming(question.generation());
        return start(question);
    }

    private ChatStream start(ChatRequest question) {
        if (!question.history().isEmpty()) {
            throw new InvalidRequestException("a question of a conversation must have no history of its own ("
                    + question.history().size() + " rounds); start one with model.conversation(history)");
        }
        ChatRequest.Builder request = question.toBuilder().history(history);
        String message = question.systemMessage() == null ? systemMessage : question.systemMessage();
        if (message != null) {
            request.systemMessage(message);
        }
        List<Tool> known = question.tools().isEmpty() ? tools : question.tools();
        boolean ask = question.toolChoice().isAllowed()
                && (question.generation().format().isText() || !question.tools().isEmpty());
        request.tools(ask ? known : List.of());
        return model.stream(request.build(), response -> remember(response, message, known));
    }

    private static boolean isWhole(ChatResponse.FinishReason reason) {
        return reason != ChatResponse.FinishReason.CANCELLED && reason != ChatResponse.FinishReason.TIMEOUT;
    }

    private void remember(ChatResponse response, @Nullable String message, List<Tool> known) {
        if (isWhole(response.finishReason())) {
            history = response.history();
            systemMessage = message;
            tools = known;
        }
    }

    /** The rounds so far, oldest first. */
    public List<ChatRequest.Turn> history() {
        return history;
    }
}
