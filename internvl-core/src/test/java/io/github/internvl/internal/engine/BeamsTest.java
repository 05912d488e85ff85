package io.github.internvl.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.GenerationConfig;
import io.github.internvl.GenerationConfig.EarlyStopping;
import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.internal.engine.PreparedRequest.TokenPrompt;
import io.github.internvl.tokenizer.Tokenizer;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class BeamsTest {
    private static final Tokenizer TOKENIZER = Tokenizer.load(TinyCheckpoint.qwen());
    private static final int END = 0;

    @AfterAll
    static void close() {
        TOKENIZER.close();
    }

    private static Beams beams(GenerationConfig.Builder config, int room) {
        PreparedRequest request = new PreparedRequest(
                new TokenPrompt(new int[3], new int[0]),
                PreparedRequest.Dialogue.NONE,
                List.of(),
                config.build(),
                new PreparedRequest.Ends(Set.of(END), List.of()),
                new int[0],
                List.of(),
                PreparedRequest.Urgency.USUAL,
                Duration.ZERO);
        LogitsPipeline pipeline = new LogitsPipeline(config.build(), Set.of(END), List.of(), new int[0]);
        return new Beams(request, pipeline, TOKENIZER, room);
    }

    /** Rows of probabilities of tokens 0 (the end), 1, 2. */
    private static LogitRows rows(double[]... probabilities) {
        float[] values = new float[3 * probabilities.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.log(probabilities[i / 3][i % 3]) + 1;
        }
        return new LogitRows(new int[probabilities.length], values, 0, 3);
    }

    private static double[] p(double end, double one, double two) {
        return new double[] {end, one, two};
    }

    @Test
    void findsAnAnswerThatIsBetterThanTheGreedyOne() {
        Beams search = beams(GenerationConfig.builder().beams(2).answers(2), 2);
        assertThat(search.live()).containsExactly(0);
        assertThat(search.advance(rows(p(0.1, 0.5, 0.4)))).containsExactly(new DecodingStrategy.Copy(0, 1));
        assertThat(search.last(0)).isEqualTo(1);
        assertThat(search.last(1)).isEqualTo(2);
        search.advance(rows(p(0.2, 0.4, 0.4), p(0.05, 0.05, 0.9)));

        assertThat(search.live()).isEmpty();
        List<Generation.Output> answers = search.end(FinishReason.STOP);
        assertThat(answers.get(0).ids()).containsExactly(2, 2); // .36 against .20
        assertThat(answers.get(0).reason()).isEqualTo(FinishReason.LENGTH);
        assertThat(answers).hasSize(2);
    }

    @Test
    void copiesABeamThatHasTwoChildrenOverOneThatHasNone() {
        Beams search = beams(GenerationConfig.builder().beams(2), 9);
        search.advance(rows(p(0.01, 0.9, 0.09)));
        assertThat(search.advance(rows(p(0.02, 0.49, 0.49), p(0.98, 0.01, 0.01))))
                .containsExactly(new DecodingStrategy.Copy(0, 1));
        assertThat(new int[] {search.last(0), search.last(1)}).containsExactlyInAnyOrder(1, 2);
    }

    @Test
    void countsAnEndOnlyAmongTheBestContinuations() {
        Beams search = beams(GenerationConfig.builder().beams(2).earlyStopping(EarlyStopping.WHEN_COMPLETE), 9);
        search.advance(rows(p(0.2, 0.5, 0.3))); // the end ranks third
        search.advance(rows(p(0.9, 0.05, 0.05), p(0.9, 0.05, 0.05)));

        assertThat(search.live()).isEmpty();
        assertThat(search.end(FinishReason.STOP).get(0).ids()).containsExactly(1, END);
    }

    @Test
    void favoursLongAnswersByTheirPenalty() {
        for (double penalty : new double[] {0, 2}) {
            Beams search = beams(
                    GenerationConfig.builder()
                            .beams(2)
                            .lengthPenalty(penalty)
                            .earlyStopping(EarlyStopping.WHEN_UNLIKELY),
                    3);
            search.advance(rows(p(0.5, 0.4, 0.1)));
            search.advance(rows(p(0.1, 0.8, 0.1), p(0.1, 0.8, 0.1)));
            if (search.live().length > 0) {
                search.advance(rows(p(0.1, 0.8, 0.1), p(0.1, 0.8, 0.1)));
            }
            int[] best = search.end(FinishReason.STOP).get(0).ids();
            assertThat(best).as("penalty %s", penalty).isEqualTo(penalty == 0 ? new int[] {END} : new int[] {1, 1, 1});
        }
    }

    @Test
    void givesWhatThereIsWhenItIsCancelled() {
        Beams search = beams(GenerationConfig.builder().beams(2), 9);
        assertThat(search.end(FinishReason.CANCELLED).get(0).ids()).isEmpty();
        search.advance(rows(p(0.1, 0.5, 0.4)));
        Generation.Output cut = search.end(FinishReason.CANCELLED).get(0);
        assertThat(cut.ids()).containsExactly(1);
        assertThat(cut.reason()).isEqualTo(FinishReason.CANCELLED);
    }
}
