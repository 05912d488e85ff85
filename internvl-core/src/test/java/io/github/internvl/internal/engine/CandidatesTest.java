package io.github.internvl.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.internvl.GenerationConfig;
import io.github.internvl.InvalidRequestException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CandidatesTest {
    private static final float BANNED = Float.NEGATIVE_INFINITY;
    private static final float[] LOGITS = {0.5f, 2f, -1f, 2f, 1f, -30f};
    private static final int DRAWS = 20_000;

    private static GenerationConfig.Builder all() {
        return GenerationConfig.builder().topK(0);
    }

    private static int[] left(GenerationConfig.Builder config) {
        return Candidates.of(LOGITS, config.build()).ids();
    }

    @Test
    void keepsAllTokensThatTieAtTheTopKLimit() {
        assertThat(left(all().topK(1))).containsExactly(1, 3);
        assertThat(left(all().topK(3))).containsExactly(1, 3, 4);
        assertThat(left(all().topK(6))).hasSize(6);
    }

    @Test
    void keepsTheFewestBestTokensThatReachTopP() {
        // Probabilities: .379 (twice), .139, .085, ...
        assertThat(left(all().topP(0.7))).containsExactly(1, 3);
        assertThat(left(all().topP(0.8))).containsExactly(1, 3, 4);
        assertThat(left(all().topP(1e-9))).containsExactly(1);
    }

    @Test
    void countsEachRuleAmongWhatTheOnesBeforeLeave() {
        assertThat(left(all().topK(3).topP(0.8))).containsExactly(1, 3);
        assertThat(left(all().topK(3).topP(0.9))).containsExactly(1, 3, 4);
        assertThat(left(all().temperature(0.1).topP(0.99))).containsExactly(1, 3);
    }

    @Test
    void keepsTokensThatHaveAShareOfTheBestProbability() {
        // Shares: 1 (twice), .368, .223, .050, ...
        assertThat(left(all().minP(0.3))).containsExactly(1, 3, 4);
        assertThat(left(all().minP(0.04))).containsExactly(0, 1, 2, 3, 4);
        assertThat(left(all().minP(1))).containsExactly(1, 3);
    }

    @Test
    void keepsTheMostTypicalTokens() {
        // Surprises: .97 (twice), 1.97, 2.47, ... around an entropy of 1.29
        assertThat(left(all().typicalP(0.5))).containsExactly(1, 3);
        assertThat(left(all().typicalP(0.8))).containsExactly(1, 3, 4);
        assertThat(left(all().typicalP(1e-9))).containsExactly(1, 3);
        float[] surprising = {5, 0, 0, 0, 0, 0, 0, 0, 0, 0};
        float[] even = {0, 0, 0, BANNED};
        assertThat(Candidates.of(surprising, all().typicalP(0.1).build()).ids()).containsExactly(0);
        assertThat(Candidates.of(even, all().typicalP(0.9).build()).ids()).containsExactly(0, 1, 2);
    }

    @Test
    void leavesForbiddenTokensOut() {
        float[] logits = {1, BANNED, 2, BANNED};
        assertThat(Candidates.of(logits, all().build()).ids()).containsExactly(0, 2);
        assertThatThrownBy(() -> Candidates.of(new float[] {BANNED, BANNED}, all().build()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("allow more");
        assertThatThrownBy(() -> Candidates.of(new float[] {1, Float.NaN}, all().build()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("not numbers");
    }

    @Test
    void ranksLikeAStableSort() {
        float[] values = new float[500];
        Random random = new Random(3);
        for (int i = 0; i < values.length; i++) {
            values[i] = i % 7 == 0 ? -0f : random.nextInt(-20, 20) / 4f;
        }
        Integer[] sorted = IntStream.range(0, values.length).boxed().toArray(Integer[]::new);
        Arrays.sort(sorted, Comparator.comparingDouble(i -> values[i] + 0f));
        Integer[] reversed = sorted.clone();
        Arrays.sort(
                reversed,
                Comparator.<Integer>comparingDouble(i -> -(values[i] + 0f)).thenComparing(i -> i));
        Ranking smallest = Ranking.smallestFirst(values);
        Ranking largest = Ranking.largestFirst(values);
        for (int rank = 0; rank < values.length; rank++) {
            assertThat(smallest.at(rank)).isEqualTo(sorted[rank]);
            assertThat(largest.at(rank)).isEqualTo(reversed[rank]);
        }
    }

    @Test
    void keepsTheBestTokenAloneForATopPOfZero() {
        Candidates candidates =
                Candidates.of(new float[] {1, 3, 3, 2}, all().topP(0).build());
        assertThat(candidates.ids()).containsExactly(1);
    }

    @Test
    void drawsTokensAsOftenAsTheirProbabilities() {
        float[] logits = new float[40];
        Random random = new Random(1);
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) random.nextGaussian();
        }
        Candidates candidates =
                Candidates.of(logits, all().temperature(0.9).topK(30).topP(0.95).build());
        double[] probabilities = candidates.probabilities();
        int[] ids = candidates.ids();
        int[] counts = new int[ids.length];
        SplittableRandom points = new SplittableRandom(2);
        for (int i = 0; i < DRAWS; i++) {
            counts[Arrays.binarySearch(ids, candidates.draw(points.nextDouble()))]++;
        }
        double chiSquare = 0;
        for (int i = 0; i < ids.length; i++) {
            double expected = DRAWS * probabilities[i];
            chiSquare += (counts[i] - expected) * (counts[i] - expected) / expected;
        }
        int freedom = ids.length - 1;
        assertThat(ids.length).isBetween(15, 30);
        assertThat(Arrays.stream(probabilities).sum()).isCloseTo(1, within(1e-12));
        assertThat(chiSquare).isCloseTo(freedom, within(4 * Math.sqrt(2.0 * freedom)));
    }
}
