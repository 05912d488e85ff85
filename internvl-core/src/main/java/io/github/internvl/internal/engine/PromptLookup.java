package io.github.internvl.internal.engine;

import java.util.stream.IntStream;

/**
 * Drafts of the next tokens of an answer: the tokens that followed, in the prompt or the answer so far, the last occurrence of its
 * last few tokens. Quotes, lists and JSON repeat earlier text, so that a step which computes all drafts beside the one token is
 * often right about several; it costs little more than a step, since that is bound by reading weights. Wrong drafts are thrown
 * away, so the answer is the same.
 *
 * <p>The number of drafts follows the number that was right: as many again and one more, and twice as many after all were.
 * (A. Saxena, "Prompt Lookup DecodingStrategy", 2023.)
 */
final class PromptLookup {
    private static final int LONGEST_MATCH = 4;
    private static final int SHORTEST_MATCH = 2;
    private static final int[] NONE = {};

    private final int most;
    private int wanted;
    private int[] drafts = NONE;
    private int drafted;
    private int accepted;

    /** @param most most tokens to draft at once; 0 for none ever */
    PromptLookup(int most) {
        this.most = most;
        this.wanted = most;
    }

    /** Drafts at most so many tokens, which the next step verifies. */
    void draft(int[] tokens, int room) {
        drafts = after(tokens, Math.min(wanted, room));
    }

    /** The drafts that the next step verifies. */
    int[] drafts() {
        return drafts;
    }

    /** The first so many of the drafts were right. */
    void verified(int right) {
        if (drafts.length > 0) {
            drafted += drafts.length;
            accepted += right;
            wanted = Math.min(most, right == drafts.length ? 2 * wanted : right + 1);
            drafts = NONE;
        }
    }

    /** Tokens drafted so far. */
    int drafted() {
        return drafted;
    }

    /** The number of drafts that were right. */
    int accepted() {
        return accepted;
    }

    /** The tokens after the longest and then latest match of the last ones, and round again where these end too early. */
    static int[] after(int[] tokens, int count) {
        int best = SHORTEST_MATCH - 1;
        int from = tokens.length;
        for (int end = tokens.length - 1; end > best && best < LONGEST_MATCH; end--) {
            int length = 0;
            while (length < LONGEST_MATCH
                    && length < end
                    && tokens[end - 1 - length] == tokens[tokens.length - 1 - length]) {
                length++;
            }
            if (length > best) {
                best = length;
                from = end;
            }
        }
        int start = from;
        int period = tokens.length - from;
        return period == 0 || count <= 0
                ? NONE
                : IntStream.range(0, count).map(i -> tokens[start + i % period]).toArray();
    }
}
