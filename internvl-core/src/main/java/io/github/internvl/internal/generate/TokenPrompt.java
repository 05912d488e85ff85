package io.github.internvl.internal.generate;

/**
 * A prompt as the model takes it.
 *
 * @param ids all tokens
 * @param visualPlaces where in {@code ids} visual tokens go, in order
 */
public record TokenPrompt(int[] ids, int[] visualPlaces) {}
