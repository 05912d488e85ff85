package io.github.internvl.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.GenerationConfig;
import io.github.internvl.OutputFormat;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GenerationStateTest {
    static Stream<GenerationConfig> settings() {
        return Stream.of(
                GenerationConfig.defaults(),
                GenerationConfig.builder().temperature(0.7).build(),
                GenerationConfig.builder()
                        .maxNewTokens(7)
                        .minNewTokens(2)
                        .topK(3)
                        .topP(0.5)
                        .minP(0.1)
                        .typicalP(0.9)
                        .repetitionPenalty(1.2)
                        .presencePenalty(0.5)
                        .frequencyPenalty(0.25)
                        .noRepeatNgram(4)
                        .badWords("bad", "worse")
                        .logitBias(Map.of(1, 2.0, 5, Double.NEGATIVE_INFINITY))
                        .stop("end")
                        .stopIds(3, 4)
                        .includeStop(true)
                        .stopLoops(3, 5)
                        .skipSpecialTokens(false)
                        .build(),
                GenerationConfig.builder()
                        .beams(3)
                        .lengthPenalty(0.5)
                        .earlyStopping(GenerationConfig.EarlyStopping.WHEN_IMPOSSIBLE)
                        .build(),
                GenerationConfig.builder().promptLookup(5).ignoreEnd(true).build(),
                GenerationConfig.builder()
                        .format(OutputFormat.choice("yes", "no"))
                        .build(),
                GenerationConfig.builder().format(OutputFormat.json()).build(),
                GenerationConfig.builder().format(OutputFormat.regex("a+")).build(),
                GenerationConfig.builder().format(OutputFormat.jsonSchema("{}")).build());
    }

    @ParameterizedTest
    @MethodSource("settings")
    void arrivesAsItWasSent(GenerationConfig config) throws IOException, ClassNotFoundException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(GenerationState.of(config));
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            GenerationConfig arrived = ((GenerationState) in.readObject()).config();
            assertThat(arrived).hasToString(config.toString());
            assertThat(arrived.format()).isEqualTo(config.format());
            assertThat(arrived.promptLookup()).isEqualTo(config.promptLookup());
            assertThat(arrived.skipSpecialTokens()).isEqualTo(config.skipSpecialTokens());
        }
    }
}
