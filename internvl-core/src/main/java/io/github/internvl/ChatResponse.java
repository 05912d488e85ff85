package io.github.internvl;

import java.time.Duration;
import java.util.List;

/**
 * An answer. Immutable.
 *
 * @param text the answer, without special tokens, stripped of white space at both ends unless it has a format
 * @param finishReason why it ended
 * @param usage tokens counted
 * @param timings where the time went
 * @param history the rounds up to and including this one, to be given to the next request
 * @param tokens the tokens of the answer with their log probabilities, where the request asks for them; else empty
 * @param ids the token ids of the answer as they were generated, the end token included
 * @param alternatives the other answers, where the request asks for several, without alternatives of their own
 */
public record ChatResponse(
        String text,
        FinishReason finishReason,
        Usage usage,
        Timings timings,
        List<Turn> history,
        List<TokenScore> tokens,
        List<Integer> ids,
        List<ChatResponse> alternatives) {

    /** Why an answer ended. */
    public enum FinishReason {
        /** The model ended it, a stop text or token came, or the token listener returned false. */
        STOP,
        /** It reached {@code maxNewTokens} or the model's context length. */
        LENGTH,
        /** It repeated itself, by the rule of {@link GenerationConfig.Builder#stopLoops}. */
        LOOP,
        /** Its stream was closed before the end. */
        CANCELLED,
        /** The time limit was reached: {@link ChatRequest.Builder#timeout}. */
        TIMEOUT
    }

    /**
     * Tokens of a request.
     *
     * @param promptTokens all tokens of the prompt, visual tokens included
     * @param visualTokens those of them that stand for pictures
     * @param generatedTokens tokens of the answer, its end token included
     * @param cachedTokens those of the prompt that did not have to be computed, since another prompt began with them
     * @param cachedTiles tiles that did not have to be encoded, since they or their visual tokens were there already
     * @param draftedTokens tokens of the answer that were drafted: {@link GenerationConfig.Builder#promptLookup}
     * @param acceptedTokens those of them that were right, and so cost no step of their own
     */
    public record Usage(
            int promptTokens,
            int visualTokens,
            int generatedTokens,
            int cachedTokens,
            int cachedTiles,
            int draftedTokens,
            int acceptedTokens) {}

    /**
     * The time spent in each phase of a request. Steps are shared with other requests, so the times of concurrent requests overlap.
     *
     * @param preprocess tiling the pictures and making the prompt, on the caller's thread
     * @param queued waiting for a slot
     * @param vision encoding the tiles
     * @param prefill computing the prompt, up to the first token
     * @param decode all tokens after the first
     */
    public record Timings(Duration preprocess, Duration queued, Duration vision, Duration prefill, Duration decode) {}

    /**
     * A token with the probability that the model gave it, before all settings.
     *
     * @param id the token
     * @param text what it is alone; U+FFFD where it is a part of a character
     * @param logprob the natural logarithm of its probability
     * @param best the most probable tokens in its place, best first, without tokens of their own
     */
    public record TokenScore(int id, String text, double logprob, List<TokenScore> best) {
        /** Copies the list. */
        public TokenScore {
            best = List.copyOf(best);
        }
    }

    /** Copies the lists. */
    public ChatResponse {
        history = List.copyOf(history);
        tokens = List.copyOf(tokens);
        ids = List.copyOf(ids);
        alternatives = List.copyOf(alternatives);
    }

    /**
     * The boxes that the text holds, in their order, as a grounding question gets them ({@code Please provide the bounding
     * box coordinate of the region this sentence describes: <ref>a dog</ref>}).
     *
     * <p>A box is four whole numbers of 0 to 1000 in a list of such, {@code a dog[[100, 250, 400, 900]]} or {@code
     * dogs[[…], […]]}, with the tags {@code <ref>} and {@code <box>} or without them, as special tokens are left out of the
     * text. Its label is the words between the {@code <ref>} tags; without tags those of its sentence before the list,
     * back to the list before; and where there are none, the label of the list before. All else is passed over: numbers out
     * of range, a right or bottom edge before its left or top one, and a box that the end of the answer cuts off.
     */
    public List<Box> boxes() {
        return Box.in(text);
    }

    /**
     * The calls of tools that the text asks for, in their order: JSON objects with a name and arguments between {@link
     * ToolCall#START} and {@link ToolCall#END}. All else is passed over. The results go into the next question: {@link
     * ChatRequest.Builder#toolResults}.
     */
    public List<ToolCall> toolCalls() {
        return ToolCall.in(text);
    }
}
