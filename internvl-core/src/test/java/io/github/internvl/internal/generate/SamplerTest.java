package io.github.internvl.internal.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.internvl.GenerationConfig;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class SamplerTest {
    private static final float[] LOGITS = {0.5f, 2f, -1f, 2f, 1f, -30f};

    @Test
    void drawsTokensAsOftenAsTheirProbabilities() {
        Map<Integer, Integer> counts =
                draws(GenerationConfig.builder().topK(0).temperature(0.7).seed(1), 20_000);

        double sum = 0;
        for (float logit : LOGITS) {
            sum += Math.exp(logit / 0.7);
        }
        for (int token = 0; token < 5; token++) {
            assertThat(counts.getOrDefault(token, 0) / 20_000.0)
                    .as("token %s", token)
                    .isCloseTo(Math.exp(LOGITS[token] / 0.7) / sum, within(0.01));
        }
    }

    @Test
    void keepsAllTokensThatTieAtTheTopKLimit() {
        assertThat(draws(GenerationConfig.builder().topK(1).seed(2), 500)).containsOnlyKeys(1, 3);
        assertThat(draws(GenerationConfig.builder().topK(3).seed(2), 500)).containsOnlyKeys(1, 3, 4);
    }

    @Test
    void keepsTheFewestBestTokensThatReachTopP() {
        // Probabilities: .379 (twice), .139, .085, ...
        assertThat(draws(GenerationConfig.builder().topK(0).topP(0.7).seed(3), 2000))
                .containsOnlyKeys(1, 3);
        assertThat(draws(GenerationConfig.builder().topK(0).topP(0.8).seed(3), 2000))
                .containsOnlyKeys(1, 3, 4);
        assertThat(draws(GenerationConfig.builder().topK(0).topP(1e-9).seed(3), 50))
                .hasSize(1);
    }

    @Test
    void countsTopPAmongWhatTopKLeaves() {
        assertThat(draws(GenerationConfig.builder().topK(3).topP(0.8).seed(4), 2000))
                .containsOnlyKeys(1, 3);
        assertThat(draws(GenerationConfig.builder().topK(3).topP(0.9).seed(4), 2000))
                .containsOnlyKeys(1, 3, 4);
    }

    @Test
    void repeatsItsDrawsWithTheSameSeed() {
        float[] logits = new float[1000];
        Random random = new Random(5);
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) random.nextGaussian() * 3;
        }
        Sampler one = new Sampler(GenerationConfig.builder().topP(0.9).seed(6).build());
        Sampler same = new Sampler(GenerationConfig.builder().topP(0.9).seed(6).build());
        for (int i = 0; i < 100; i++) {
            assertThat(one.draw(logits, 0, 1000)).isEqualTo(same.draw(logits, 0, 1000));
        }
    }

    @Test
    void readsItsOwnRowOfSeveral() {
        float[] rows = {9, 0, 0, 0, 0, 9};
        Sampler sampler = new Sampler(GenerationConfig.builder().topK(1).build());

        assertThat(sampler.draw(rows, 0, 3)).isZero();
        assertThat(sampler.draw(rows, 3, 3)).isEqualTo(2);
    }

    private static Map<Integer, Integer> draws(GenerationConfig.Builder config, int times) {
        Sampler sampler = new Sampler(config.build());
        Map<Integer, Integer> counts = new TreeMap<>();
        for (int i = 0; i < times; i++) {
            counts.merge(sampler.draw(LOGITS, 0, LOGITS.length), 1, Integer::sum);
        }
        return counts;
    }
}
