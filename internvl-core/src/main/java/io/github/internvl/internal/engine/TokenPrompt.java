package io.github.internvl.internal.engine;

/**
 * A prompt in tokens.
 *
 * @param ids all tokens
 * @param visualPlaces the places of visual tokens in {@code ids}, in order
 */
public record TokenPrompt(int[] ids, int[] visualPlaces) {}
