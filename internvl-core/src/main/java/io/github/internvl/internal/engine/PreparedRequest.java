package io.github.internvl.internal.engine;

import io.github.internvl.ChatRequest;
import io.github.internvl.GenerationConfig;
import io.github.internvl.vision.tiles.PixelTiles;
import io.github.internvl.vision.tiles.TilingOptions;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A request that has passed its checks: the only shape between a {@link io.github.internvl.ChatRequest} and a {@link Sequence}.
 * Immutable.
 *
 * @param prompt the tokens, with places for visual tokens
 * @param dialogue the rounds that the prompt was written from
 * @param pictures the tiles of each picture, in the order of those places; empty until they are tiled
 * @param config the generation settings, with the rule of the format among their processors
 * @param ends the model's own ends of an answer, beside those of the settings
 * @param history the tokens that penalties and n-grams see before the answer
 * @param badWords the texts that must not come, as tokens
 * @param urgency its turn in the queue, and its deadline
 * @param preprocess the time that the checks and the tiling took
 */
public record PreparedRequest(
        TokenPrompt prompt,
        Dialogue dialogue,
        List<PixelTiles> pictures,
        GenerationConfig config,
        Ends ends,
        int[] history,
        List<int[]> badWords,
        Urgency urgency,
        Duration preprocess) {

    /**
     * A prompt in tokens.
     *
     * @param ids all tokens
     * @param visualPlaces the places of visual tokens in {@code ids}, in order
     */
    public record TokenPrompt(int[] ids, int[] visualPlaces) {}

    /**
     * The rounds of a request.
     *
     * @param turns the history, and the question as it is recorded with an empty answer
     * @param tilings the tiling of the pictures of each round
     * @param thinking whether the thinking at the beginning of the answer comes apart from its text
     */
    public record Dialogue(List<ChatRequest.Turn> turns, List<TilingOptions> tilings, boolean thinking) {
        /** No rounds: a prompt that was not written from any. */
        public static final Dialogue NONE = new Dialogue(List.of(), List.of(), false);
    }

    /**
     * The ends of an answer that are not part of its text.
     *
     * @param ids tokens that end it
     * @param texts texts that end it
     */
    public record Ends(Set<Integer> ids, List<String> texts) {
        /** No end but those of the settings. */
        public static final Ends NONE = new Ends(Set.of(), List.of());
    }

    /**
     * The turn of a request, and its deadline.
     *
     * @param priority a higher one is served first
     * @param deadline the latest end, by {@code System.nanoTime()}; null for none
     */
    public record Urgency(int priority, @Nullable Long deadline) {
        /** The urgency of a request that sets none. */
        public static final Urgency USUAL = new Urgency(0, null);
    }

    /** The same request with its pictures, which took some more time. */
    public PreparedRequest withPictures(List<PixelTiles> tiles, Duration more) {
        return with(tiles, preprocess.plus(more));
    }

    /** The same request without its pictures, which take memory. */
    PreparedRequest withoutPictures() {
        return with(List.of(), preprocess);
    }

    private PreparedRequest with(List<PixelTiles> tiles, Duration time) {
        return new PreparedRequest(prompt, dialogue, tiles, config, ends, history, badWords, urgency, time);
    }

    /** The number of slots that the request takes. */
    int width() {
        return width(config);
    }

    /** The number of slots that a request with these settings takes. */
    static int width(GenerationConfig config) {
        return Math.max(config.answers(), config.beamSearch().beams());
    }
}
