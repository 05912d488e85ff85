package io.github.internvl.internal.generate;

import io.github.internvl.ChatResponse.FinishReason;

/**
 * What the engine made of one request.
 *
 * @param text the whole answer
 * @param ids its tokens, the end token included
 * @param reason why it ended
 * @param queuedNanos from submission to a slot
 * @param visionNanos spent on its tiles
 * @param prefillNanos from then to the first token
 * @param decodeNanos from the first token to the end
 */
public record Generation(
        String text,
        int[] ids,
        FinishReason reason,
        long queuedNanos,
        long visionNanos,
        long prefillNanos,
        long decodeNanos) {

    /** Hears of an answer, on the engine's thread: it must return at once. Exactly one of the last two comes, once. */
    public interface Listener {
        /** Some more text is final. */
        void onText(String text);

        /** The answer is complete. */
        void onEnd(Generation generation);

        /** The answer failed. */
        void onFailure(RuntimeException failure);
    }
}
