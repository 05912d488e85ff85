package io.github.internvl.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.GenerationConfig;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The best logits of a row draw the tokens that all of them would. */
class TopLogitsTest {
    private static final int VOCABULARY = 1000;
    private static final int TOP = 256;

    /** A row as a GPU finds it: the best logits, largest first, and their ids. */
    private static float[] top(float[] row, int count) {
        int[] order = IntStream.range(0, row.length)
                .boxed()
                .sorted((a, b) -> Float.compare(row[b], row[a]))
                .mapToInt(Integer::intValue)
                .toArray();
        float[] found = new float[2 * count];
        for (int i = 0; i < count; i++) {
            found[i] = row[order[i]];
            found[count + i] = order[i];
        }
        return found;
    }

    private static float[] row(Random random, int steps) {
        float[] row = new float[VOCABULARY];
        for (int i = 0; i < row.length; i++) {
            row[i] = random.nextInt(steps) / 8f; // many are equal
        }
        return row;
    }

    @ParameterizedTest
    @CsvSource({"1,0.7,1", "50,1,1", "50,0.3,0.9", "5,1.7,0.5", "128,1,0.8"})
    void drawWhatAllLogitsWould(int k, double temperature, double topP) {
        GenerationConfig config = GenerationConfig.builder()
                .temperature(temperature)
                .topK(k)
                .topP(topP)
                .build();
        Random random = new Random(k);
        for (int round = 0; round < 50; round++) {
            float[] row = row(random, 2000);
            Candidates all = new LogitRows(new int[] {0}, row, 0, VOCABULARY).candidates(0, config);
            Candidates few = LogitRows.ofTop(new int[] {0}, top(row, TOP), 0, TOP, Candidates.needed(config))
                    .orElseThrow()
                    .candidates(0, config);

            assertThat(few.ids()).containsExactly(all.ids());
            assertThat(few.logits()).containsExactly(all.logits());
            double point = random.nextDouble();
            assertThat(few.draw(point)).isEqualTo(all.draw(point));
        }
    }

    @Test
    void areNotEnoughWhereMoreMayEqualTheLastOne() {
        float[] row = row(new Random(1), 3);

        Optional<LogitRows> few = LogitRows.ofTop(new int[] {0}, top(row, TOP), 0, TOP, 50);

        assertThat(few).isEmpty();
    }

    @Test
    void leaveOutTokensThatAreImpossible() {
        float[] row = new float[VOCABULARY];
        Arrays.fill(row, Float.NEGATIVE_INFINITY);
        row[7] = 1;
        row[3] = 2;
        GenerationConfig config =
                GenerationConfig.builder().topK(2).temperature(1).build();

        LogitRows few = LogitRows.ofTop(new int[] {3}, top(row, TOP), 0, TOP, 2).orElseThrow();

        assertThat(few.candidates(0, config).ids()).containsExactly(3, 7);
    }

    @Test
    void needAllWithoutALimit() {
        assertThat(Candidates.needed(GenerationConfig.builder().topK(0).build()))
                .isEqualTo(DecodingStrategy.ALL);
    }
}
