package io.github.internvl;

import io.github.internvl.vision.Image;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A dialogue with a model that remembers its rounds, as {@code model.chat(..., history, return_history=True)} does. New
 * pictures may come with any question; old ones stay cut into the tiles that they were asked about with, and a system
 * message once given stays until another one is. A round is remembered once its answer is complete; a failed or cancelled
 * one is not. Not thread-safe: one question at a time.
 */
public final class Conversation {
    private final InternVL model;
    private volatile List<Turn> history; // written when an answer is complete, on the engine's thread
    private @Nullable String systemMessage;

    Conversation(InternVL model, List<Turn> history) {
        this.model = model;
        this.history = List.copyOf(history);
    }

    /** Asks the next question and waits for the answer; throws what {@link InternVL#chat(ChatRequest)} throws. */
    public ChatResponse ask(String text, Image... images) {
        return ask(ChatRequest.of(text, images));
    }

    /** Asks the next question with settings of its own; the request must have no history. */
    public ChatResponse ask(ChatRequest question) {
        return stream(question).response();
    }

    /** Asks the next question and streams the answer; the caller closes the stream. */
    public ChatStream stream(String text, Image... images) {
        return stream(ChatRequest.of(text, images));
    }

    /** Asks the next question with settings of its own and streams the answer; the request must have no history. */
    public ChatStream stream(ChatRequest question) {
        if (!question.history().isEmpty()) {
            throw new InvalidRequestException("a question of a conversation must have no history of its own ("
                    + question.history().size() + " rounds); start one with model.conversation(history)");
        }
        if (question.systemMessage() != null) {
            systemMessage = question.systemMessage();
        }
        ChatRequest.Builder request = question.toBuilder().history(history);
        if (systemMessage != null) {
            request.systemMessage(systemMessage);
        }
        return model.stream(request.build(), this::remember);
    }

    private void remember(ChatResponse response) {
        if (response.finishReason() != ChatResponse.FinishReason.CANCELLED) {
            history = response.history();
        }
    }

    /** The rounds so far, oldest first. */
    public List<Turn> history() {
        return history;
    }
}
