package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.GenerationConfig.Sampling;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class GenerationConfigTest {
    private static void refuses(Consumer<GenerationConfig.Builder> settings, String... words) {
        assertThatThrownBy(() -> {
                    GenerationConfig.Builder builder = GenerationConfig.builder();
                    settings.accept(builder);
                    builder.build();
                })
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContainingAll(words);
    }

    @Test
    void isGreedyByDefault() {
        GenerationConfig config = GenerationConfig.defaults();
        assertThat(config.sampling().enabled()).isFalse();
        assertThat(config.sampling().temperature()).isEmpty();
        assertThat(config.sampling().topK()).isEmpty();
        assertThat(config.sampling().topP()).isEmpty();
        assertThat(config.penalties().repetition()).isEqualTo(1);
        assertThat(config.beamSearch().beams()).isEqualTo(1);
        assertThat(config.answers()).isEqualTo(1);
    }

    @Test
    void takesTheCheckpointsSamplingWhereNoneIsGiven() {
        Sampling sampling = GenerationConfig.builder()
                .topP(0.5)
                .seed(7)
                .build()
                .withDefaults(0.7, 20, 0.8)
                .sampling();
        assertThat(sampling.temperature()).hasValue(0.7);
        assertThat(sampling.topK()).hasValue(20);
        assertThat(sampling.topP()).hasValue(0.5);
        assertThat(sampling.seed()).hasValue(7);
        assertThat(GenerationConfig.defaults()
                        .withDefaults(0.7, 20, 0.8)
                        .sampling()
                        .enabled())
                .isFalse();
    }

    @Test
    void derivesWithoutChangingWhatWasBuilt() {
        GenerationConfig.Builder builder = GenerationConfig.builder().stop("a").suppress(3);
        GenerationConfig first = builder.build();
        GenerationConfig second = first.toBuilder().stop("b").suppress(4).build();
        builder.stop("c");

        assertThat(first.stopping().texts()).containsExactly("a");
        assertThat(first.penalties().logitBias()).containsOnlyKeys(3);
        assertThat(second.stopping().texts()).containsExactly("b");
        assertThat(second.penalties().logitBias()).containsOnlyKeys(3, 4);
    }

    @Test
    void refusesValuesOutOfRange() {
        refuses(c -> c.maxNewTokens(0), "maxNewTokens must be at least 1: 0");
        refuses(c -> c.minNewTokens(-1), "minNewTokens", "-1");
        refuses(c -> c.temperature(0), "temperature must be above 0", "sampling(false)");
        refuses(c -> c.temperature(Double.NaN), "temperature", "NaN");
        refuses(c -> c.topK(-1), "topK");
        refuses(c -> c.topP(-0.1), "topP must be 0..1: -0.1");
        refuses(c -> c.minP(1.1), "minP must be 0..1: 1.1");
        refuses(c -> c.typicalP(0), "typicalP");
        refuses(c -> c.repetitionPenalty(0), "repetitionPenalty");
        refuses(c -> c.presencePenalty(Double.NaN), "presencePenalty");
        refuses(c -> c.frequencyPenalty(101), "frequencyPenalty");
        refuses(c -> c.noRepeatNgram(-1), "noRepeatNgram");
        refuses(c -> c.badWords("a", ""), "bad words must not be empty");
        refuses(c -> c.stop(""), "stop texts must not be empty");
        refuses(c -> c.logitBias(Map.of(-1, 1.0)), "logitBias", "-1");
        refuses(c -> c.logitBias(Map.of(1, Double.NaN)), "logitBias", "NaN");
        refuses(c -> c.stopLoops(3, 1), "stopLoops", "2 times: 1");
        refuses(c -> c.answers(0), "answers");
        refuses(c -> c.beams(0), "beams");
        refuses(c -> c.lengthPenalty(Double.NaN), "lengthPenalty");
        refuses(c -> c.logprobs(-1), "logprobs must be 0..100: -1");
    }

    @Test
    void saysWhyItRefusesWhatCannotBeCombined() {
        refuses(c -> c.minNewTokens(5).maxNewTokens(4), "5", "4");
        refuses(c -> c.answers(2), "greedy answers are all the same");
        refuses(c -> c.answers(2).topK(5).tokenListener(id -> true), "whose token");
        refuses(c -> c.answers(3).beams(2), "answers must not be above beams: 3 and 2");
        refuses(c -> c.beams(2).topK(5), "beams and sampling");
        refuses(c -> c.beams(2).tokenListener(id -> true), "no token is final");
        refuses(c -> c.beams(2).logprobs(0), "beams and logprobs");
        refuses(c -> c.beams(2).stop("x"), "use stopIds");
        refuses(c -> c.beams(2).stopLoops(3, 3), "use noRepeatNgram");
    }
}
