package io.github.internvl;

/**
 * Changes the logits of the next token, for rules of one's own: grammars, guidance, watermarks. It runs after the built-in
 * penalties and bans and before sampling, on the engine's thread, which waits for it: it must not wait for an answer there.
 * One that throws, whatever it is, fails its request alone. One that is used in several requests, or in several answers to one, hears of all of them.
 */
@FunctionalInterface
public interface LogitsProcessor {
    /**
     * Changes a row of logits in place.
     *
     * @param generated the tokens of the answer so far
     * @param logits [vocabulary]; log probabilities in beam search; negative infinity forbids a token
     */
    void process(int[] generated, float[] logits);
}
