package io.github.internvl;

import java.util.Optional;

/**
 * A snapshot of a model's queue, and its counts since loading. The numbers may lie a step apart. Immutable.
 *
 * @param running requests that are being computed
 * @param waiting requests that have arrived and have no slot yet
 * @param kvUse how much of the room for keys and values is in use, 0 to 1
 * @param promptTokens tokens of computed prompts, visual and cached tokens included
 * @param cachedTokens those of them that were computed for an earlier request
 * @param generatedTokens tokens generated
 * @param answered requests that have been answered; also those whose stream was closed
 * @param failed requests that failed after their admission
 * @param rejected requests that were refused before any computing
 * @param failure what ended the engine: it answers no more, and the model is to be closed and loaded again; empty while it
 *     serves, and if it was closed
 */
public record ModelStats(
        int running,
        int waiting,
        double kvUse,
        long promptTokens,
        long cachedTokens,
        long generatedTokens,
        long answered,
        long failed,
        long rejected,
        Optional<String> failure) {}
