package io.github.internvl;

import java.util.List;
import java.util.Map;

/**
 * Penalties, bans and biases of tokens.
 *
 * @param repetition what the logits of tokens that came before are divided by, or multiplied if negative, once each; 1 for
 *     nothing
 * @param presence what is taken from the logits of all tokens of the answer so far
 * @param frequency what is taken from the logit of a token each time that it came in the answer so far
 * @param noRepeatNgram length of the runs of tokens that may not come twice; 0 for none
 * @param badWords texts that do not come
 * @param logitBias what is added to the logits of some tokens; negative infinity for forbidden ones
 */
public record Penalties(
        double repetition,
        double presence,
        double frequency,
        int noRepeatNgram,
        List<String> badWords,
        Map<Integer, Double> logitBias) {

    /** Copies the collections. */
    public Penalties {
        badWords = List.copyOf(badWords);
        logitBias = Map.copyOf(logitBias);
    }
}
