package io.github.internvl.cli;

import io.github.internvl.GenerationConfig;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options on how to answer; greedy unless one of the sampling options is given. */
final class GenerationOptions {
    @Option(
            names = {"-n", "--max-new-tokens"},
            paramLabel = "N",
            defaultValue = "1024",
            description = "Most tokens of an answer; without it ${DEFAULT-VALUE}.")
    private int maxNewTokens;

    @Option(
            names = "--temperature",
            paramLabel = "T",
            description = "Sample, with this temperature. 0 takes the best token each time, as does giving none of the "
                    + "sampling options.")
    private @Nullable Double temperature;

    @Option(names = "--top-k", paramLabel = "K", description = "Sample from the K best tokens; 0 for all.")
    private @Nullable Integer topK;

    @Option(
            names = "--top-p",
            paramLabel = "P",
            description = "Sample from the best tokens that together have the probability P.")
    private @Nullable Double topP;

    @Option(names = "--seed", paramLabel = "S", description = "Make a sampled answer repeatable.")
    private @Nullable Long seed;

    @Option(
            names = "--stop",
            paramLabel = "TEXT",
            description = "End an answer before this text. May be given several times.")
    private final List<String> stop = new ArrayList<>();

    /** The settings; throws {@link io.github.internvl.InvalidRequestException} for a value out of its range. */
    GenerationConfig config() {
        GenerationConfig.Builder config = GenerationConfig.builder().maxNewTokens(maxNewTokens);
        config.stop(stop.toArray(String[]::new));
        if (topK != null) {
            config.topK(topK);
        }
        if (topP != null) {
            config.topP(topP);
        }
        if (seed != null) {
            config.seed(seed);
        }
        if (temperature != null && temperature == 0) {
            config.sampling(false);
        } else if (temperature != null) {
            config.temperature(temperature);
        }
        return config.build();
    }
}
