package io.github.internvl.internal.generate;

import io.github.internvl.GenerationConfig;
import io.github.internvl.vision.PixelTiles;
import java.util.List;
import java.util.Set;

/**
 * What the engine needs to generate one answer.
 *
 * @param prompt the tokens, with places for visual tokens
 * @param pictures the tiles of each picture, in the order of those places
 * @param config how to generate
 * @param endIds tokens that end the answer
 * @param stops texts that end the answer and are not part of it
 */
public record GenerationRequest(
        TokenPrompt prompt,
        List<PixelTiles> pictures,
        GenerationConfig config,
        Set<Integer> endIds,
        List<String> stops) {}
