package io.github.internvl;

import java.util.List;
import java.util.Set;

/**
 * Rules that end an answer before its limit of tokens.
 *
 * @param texts texts that end it
 * @param ids tokens that end it, beside the model's own
 * @param included whether the text or token of these that ended it is part of its text
 * @param ignoreEnd whether the model's own end tokens do not end it
 * @param loopNgram length of the run of tokens that ends it by coming too often; 0 for none
 * @param loopTimes the coming of such a run that ends it: 3 for its third
 */
public record StopRules(
        List<String> texts, Set<Integer> ids, boolean included, boolean ignoreEnd, int loopNgram, int loopTimes) {

    /** Copies the collections. */
    public StopRules {
        texts = List.copyOf(texts);
        ids = Set.copyOf(ids);
    }
}
