package io.github.internvl.internal.generate;

import io.github.internvl.ChatResponse.FinishReason;
import java.util.List;

/**
 * The engine's result of one request.
 *
 * @param answers the answers, at least one, the best or first one first
 * @param cachedTokens tokens of the prompt that were there already
 * @param cachedTiles tiles that did not have to be encoded
 * @param draftedTokens tokens that were drafted
 * @param acceptedTokens those of them that were right
 * @param queuedNanos from submission to a slot
 * @param visionNanos spent on its tiles
 * @param prefillNanos from then to the first token
 * @param decodeNanos from the first token to the end
 */
public record Generation(
        List<Answer> answers,
        int cachedTokens,
        int cachedTiles,
        int draftedTokens,
        int acceptedTokens,
        long queuedNanos,
        long visionNanos,
        long prefillNanos,
        long decodeNanos) {

    /**
     * One answer.
     *
     * @param text the whole answer
     * @param ids its tokens, the end token included
     * @param reason why it ended
     * @param scores each token's log probability, where the request asks for it; else empty
     */
    public record Answer(String text, int[] ids, FinishReason reason, List<Score> scores) {}

    /**
     * A token with the log probability that the model gave it.
     *
     * @param best the most probable tokens in its place, best first
     */
    public record Score(int id, double logprob, List<Score> best) {}

    /** The first answer. */
    public Answer first() {
        return answers.get(0);
    }

    /** Hears of an answer, on the engine's thread: it must return at once. Exactly one of the last two comes, once. */
    public interface Listener {
        /** It has its slots; this many tokens of its prompt are in them already. */
        default void onAdmitted(int cachedTokens) {}

        /** Some more tokens are there, one for each answer or beam in the making. */
        default void onTokens(int count) {}

        /** Some more text is final; only where there is one answer without beams. */
        void onText(String text);

        /** The answers are complete. */
        void onEnd(Generation generation);

        /** Generating failed. */
        void onFailure(RuntimeException failure);
    }
}
