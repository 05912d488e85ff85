package io.github.internvl.internal.engine;

import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.ChatResponse.Timings;
import io.github.internvl.ChatResponse.TokenScore;
import io.github.internvl.ChatResponse.Usage;
import java.util.List;

/**
 * The engine's result of one request.
 *
 * @param outputs the finished answers, at least one, the best or first one first
 * @param usage the tokens of the request, of all answers together
 * @param timings the time that the request took
 */
public record Generation(List<Output> outputs, Usage usage, Timings timings) {
    /**
     * A finished answer.
     *
     * @param text the whole answer
     * @param ids its tokens, the end token included
     * @param reason the reason of its end
     * @param scores each token's log probability, where the request asks for it; else empty
     */
    public record Output(String text, int[] ids, FinishReason reason, List<TokenScore> scores) {}

    /** The first answer. */
    public Output first() {
        return outputs.get(0);
    }

    /**
     * The callback of a request, called on the engine's thread: it must return at once. Each request ends with exactly one call
     * of {@link #onEnd} or {@link #onFailure}.
     */
    public interface Listener {
        /** The request has its slots; this many tokens of its prompt are in them already. */
        default void onAdmitted(int cachedTokens) {}

        /** The next tokens are chosen, one for each answer or beam that is generated. */
        default void onTokens(int count) {}

        /** A piece of text is final; called only for a single answer without beams. */
        void onText(String text);

        /** The answers are complete. */
        void onEnd(Generation generation);

        /** Generating failed. */
        void onFailure(RuntimeException failure);
    }
}
