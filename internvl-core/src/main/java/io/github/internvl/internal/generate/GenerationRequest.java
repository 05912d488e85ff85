package io.github.internvl.internal.generate;

import io.github.internvl.GenerationConfig;
import io.github.internvl.vision.tiles.PixelTiles;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The input of the engine for one request.
 *
 * @param prompt the tokens, with places for visual tokens
 * @param pictures the tiles of each picture, in the order of those places
 * @param config how to generate
 * @param endIds tokens that end an answer, beside the settings' own
 * @param endTexts texts that end an answer and are not part of it, beside the settings' own
 * @param history tokens that penalties and n-grams see before the answer
 * @param badWords texts that must not come, as tokens
 * @param urgency when it is its turn
 */
public record GenerationRequest(
        TokenPrompt prompt,
        List<PixelTiles> pictures,
        GenerationConfig config,
        Set<Integer> endIds,
        List<String> endTexts,
        int[] history,
        List<int[]> badWords,
        Urgency urgency) {

    /**
     * When it is a request's turn, and when it is too late.
     *
     * @param priority those with a higher one are served first
     * @param deadline when it ends at the latest, by {@code System.nanoTime()}; null for never
     */
    public record Urgency(int priority, @Nullable Long deadline) {
        /** That of a request that says nothing. */
        public static final Urgency USUAL = new Urgency(0, null);
    }

    /** The same without its pictures, which take memory. */
    GenerationRequest withoutPictures() {
        return new GenerationRequest(prompt, List.of(), config, endIds, endTexts, history, badWords, urgency);
    }

    /** How many slots it takes. */
    int width() {
        return width(config);
    }

    /** How many slots a request with these settings takes. */
    static int width(GenerationConfig config) {
        return Math.max(config.answers(), config.beamSearch().beams());
    }
}
