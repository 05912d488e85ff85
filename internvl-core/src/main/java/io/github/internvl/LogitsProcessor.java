package io.github.internvl;

/**
 * A custom step for the logits of the next token, such as guidance or a watermark. It runs after the built-in penalties and
 * bans and before sampling, on the engine's thread, which waits for it: it must not wait for an answer there. An exception
 * from it fails its request alone. A processor of several requests, or of several answers, is called for all of them.
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
