package io.github.internvl.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.GenerationConfig;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LogitsPipelineTest {
    private static final float BANNED = Float.NEGATIVE_INFINITY;
    private static final int[] NOTHING = {};

    private static float[] after(GenerationConfig.Builder config, int[] history, int... generated) {
        return after(config, Set.of(4), List.of(), history, generated);
    }

    private static float[] after(
            GenerationConfig.Builder config, Set<Integer> ends, List<int[]> words, int[] history, int... generated) {
        float[] logits = {1, -1, 2, -2, 3};
        new LogitsPipeline(config.build(), ends, words, history).process(generated, logits);
        return logits;
    }

    private static GenerationConfig.Builder config() {
        return GenerationConfig.builder();
    }

    @Test
    void changesNothingByDefault() {
        assertThat(after(config(), NOTHING, 0, 0)).containsExactly(1, -1, 2, -2, 3);
        assertThat(new LogitsPipeline(config().build(), Set.of(4), List.of(), new int[] {1}).isEmpty())
                .isTrue();
    }

    @Test
    void penalizesEachTokenThatCameOnce() {
        assertThat(after(config().repetitionPenalty(2), new int[] {2}, 0, 1, 1, 1))
                .containsExactly(0.5f, -2, 1, -2, 3);
    }

    @Test
    void bansTokensThatWouldRepeatARun() {
        assertThat(after(config().noRepeatNgram(2), NOTHING, 0, 1, 0, 2, 0)).containsExactly(1, BANNED, BANNED, -2, 3);
        assertThat(after(config().noRepeatNgram(3), new int[] {0}, 1, 2, 0, 1)).containsExactly(1, -1, BANNED, -2, 3);
        assertThat(after(config().noRepeatNgram(1), new int[] {3}, 1)).containsExactly(1, BANNED, 2, BANNED, 3);
        assertThat(after(config().noRepeatNgram(3), NOTHING, 1)).containsExactly(1, -1, 2, -2, 3);
    }

    @Test
    void letsNoEndTokenComeBeforeTheMinimum() {
        assertThat(after(config().minNewTokens(2).stopIds(2), NOTHING, 0)).containsExactly(1, -1, BANNED, -2, BANNED);
        assertThat(after(config().minNewTokens(2).stopIds(2), NOTHING, 0, 0)).containsExactly(1, -1, 2, -2, 3);
    }

    @Test
    void bansTheLastTokenOfABadWord() {
        List<int[]> words = List.of(new int[] {0, 1}, new int[] {3});
        assertThat(after(config(), Set.of(), words, NOTHING, 0)).containsExactly(1, BANNED, 2, BANNED, 3);
        assertThat(after(config(), Set.of(), words, new int[] {0})).containsExactly(1, -1, 2, BANNED, 3);
    }

    @Test
    void addsBiasesAndForbidsTokens() {
        assertThat(after(config().logitBias(Map.of(0, 0.5, 3, -1.0)).suppress(4), NOTHING))
                .containsExactly(1.5f, -1, 2, -3, BANNED);
    }

    @Test
    void takesPenaltiesFromTokensOfTheAnswer() {
        assertThat(after(config().presencePenalty(0.5).frequencyPenalty(0.25), new int[] {2}, 0, 1, 1))
                .containsExactly(0.25f, -2, 2, -2, 3);
    }

    @Test
    void callsTheCallersOwnRulesLast() {
        GenerationConfig.Builder own = config().presencePenalty(1).processors((generated, logits) -> {
            logits[3] = logits[0] + generated.length;
        });
        assertThat(after(own, NOTHING, 0)).containsExactly(0, -1, 2, 1, 3);
    }
}
