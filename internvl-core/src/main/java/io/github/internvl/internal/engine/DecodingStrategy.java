package io.github.internvl.internal.engine;

import io.github.internvl.ChatResponse.FinishReason;
import java.util.List;

/**
 * The strategy by which the answers to a prompt grow: independent answers, or beams. Both are branches: each has a slot and gets
 * one token a step, until none is live. The engine's thread owns it.
 */
interface DecodingStrategy {
    /** Every logit of a row. */
    int ALL = Integer.MAX_VALUE;

    /** A copy of one branch's keys and values into another one's slot. */
    record Copy(int from, int to) {}

    /** The branches that have not ended, in order; before the first token there may be fewer than later. */
    int[] live();

    /** The number of tokens that each of them has. */
    int length();

    /** The last token of a branch. */
    int last(int branch);

    /** The tokens of the first branch that its slot holds; none where the slot may hold another branch's. */
    int[] computed();

    /** How many of a row's best logits choosing needs; {@link #ALL} of them, or none where the best token is enough. */
    int logitsNeeded();

    /** Whether the next tokens can be chosen without waiting for a processor. */
    boolean isReady();

    /** Chooses the next token of each live branch; rows are in the order of the live branches. */
    List<Copy> advance(LogitRows rows);

    /** The finished answers; one that is not complete ends for this reason. */
    List<Generation.Output> end(FinishReason reason);
}
