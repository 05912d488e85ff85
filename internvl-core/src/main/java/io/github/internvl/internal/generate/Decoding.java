package io.github.internvl.internal.generate;

import io.github.internvl.ChatResponse.FinishReason;
import java.util.List;

/**
 * The growth of answers after a prompt: one branch or several, each in a slot, that grow by a token a step until none is left.
 * The engine's thread owns it.
 */
interface Decoding {
    /** The slot of one branch takes over another one's keys and values. */
    record Copy(int from, int to) {}

    /** The branches that go on, in order; at first the one that the prompt was computed in may be the only one. */
    int[] live();

    /** Tokens that each of them has. */
    int length();

    /** The last token of a branch. */
    int last(int branch);

    /** The tokens of the first branch whose keys and values are in its slot; none where its slot may have another's. */
    int[] kept();

    /** Whether the logits themselves are needed, or the best token is enough. */
    boolean needsLogits();

    /** Whether the next tokens can be chosen without waiting for a rule. */
    boolean isReady();

    /** Takes the next token of each live branch; rows are in the order of these. */
    List<Copy> advance(LogitRows rows);

    /** The answers; those that are not complete end for this reason. */
    List<Generation.Answer> end(FinishReason reason);
}
