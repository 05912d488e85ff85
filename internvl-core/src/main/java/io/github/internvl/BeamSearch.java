package io.github.internvl;

/**
 * How several beginnings of an answer are followed at once, of which the most probable whole wins. A beam takes a slot of
 * the model.
 *
 * @param beams how many are followed; 1 for no beam search
 * @param lengthPenalty the power of an answer's length, its end token counted, that the sum of its log probabilities is
 *     divided by: above 0 favours long answers, below 0 short ones
 * @param earlyStopping when the search ends before the limit of tokens
 */
public record BeamSearch(int beams, double lengthPenalty, EarlyStopping earlyStopping) {

    /** When a search ends, by the values of {@code early_stopping} in transformers. */
    public enum EarlyStopping {
        /** As soon as as many answers are complete as there are beams ({@code True}). */
        WHEN_COMPLETE,
        /** When the best beam, if it ended now, would not beat the worst complete answer ({@code False}). */
        WHEN_UNLIKELY,
        /** When no beam can beat the worst complete answer any more, however long it gets ({@code "never"}). */
        WHEN_IMPOSSIBLE
    }
}
