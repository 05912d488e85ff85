package io.github.internvl;

import java.util.List;
import java.util.OptionalLong;

/**
 * How an answer is generated: greedily, or by sampling. Immutable; build one with {@link #builder()}.
 *
 * <p>Sampling draws from the tokens that pass first the temperature, then top-k, then top-p, as transformers does. The
 * defaults are the reference's: greedy; with sampling on, temperature 1, top-k 50, top-p 1.
 */
public final class GenerationConfig {
    private static final GenerationConfig DEFAULT = builder().build();

    private final int maxNewTokens;
    private final boolean sampling;
    private final double temperature;
    private final int topK;
    private final double topP;
    private final OptionalLong seed;
    private final List<String> stop;

    private GenerationConfig(Builder builder) {
        this.maxNewTokens = builder.maxNewTokens;
        this.sampling = builder.sampling;
        this.temperature = builder.temperature;
        this.topK = builder.topK;
        this.topP = builder.topP;
        this.seed = builder.seed;
        this.stop = builder.stop;
    }

    /** Greedy, at most 1024 new tokens. */
    public static GenerationConfig defaults() {
        return DEFAULT;
    }

    /** Starts from the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Starts from these settings. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.maxNewTokens = maxNewTokens;
        builder.sampling = sampling;
        builder.temperature = temperature;
        builder.topK = topK;
        builder.topP = topP;
        builder.seed = seed;
        builder.stop = stop;
        return builder;
    }

    /** Most tokens of an answer, its end token included. */
    public int maxNewTokens() {
        return maxNewTokens;
    }

    /** Whether tokens are drawn at random; otherwise the best one is taken. */
    public boolean sampling() {
        return sampling;
    }

    /** What logits are divided by before they become probabilities. */
    public double temperature() {
        return temperature;
    }

    /** How many of the best tokens are drawn from; 0 for all. */
    public int topK() {
        return topK;
    }

    /** The probability that the best tokens, of which one is drawn, must reach together; 1 for all. */
    public double topP() {
        return topP;
    }

    /** The seed of the draw, where answers are to be repeatable. */
    public OptionalLong seed() {
        return seed;
    }

    /** Texts that end an answer; none of them is part of it. */
    public List<String> stop() {
        return stop;
    }

    /** All settings, in words. */
    @Override
    public String toString() {
        return "GenerationConfig[maxNewTokens=" + maxNewTokens + ", sampling=" + sampling + ", temperature="
                + temperature + ", topK=" + topK + ", topP=" + topP + ", seed=" + seed + ", stop=" + stop + "]";
    }

    /** Collects settings; each method checks its value. Not thread-safe. */
    public static final class Builder {
        private int maxNewTokens = 1024;
        private boolean sampling;
        private double temperature = 1;
        private int topK = 50;
        private double topP = 1;
        private OptionalLong seed = OptionalLong.empty();
        private List<String> stop = List.of();

        private Builder() {}

        /** Sets the most tokens of an answer, at least 1. */
        public Builder maxNewTokens(int tokens) {
            require(tokens >= 1, "maxNewTokens must be at least 1: " + tokens);
            this.maxNewTokens = tokens;
            return this;
        }

        /** Switches sampling on or off ({@code do_sample}). */
        public Builder sampling(boolean on) {
            this.sampling = on;
            return this;
        }

        /** Sets the temperature, above 0, and switches sampling on. */
        public Builder temperature(double value) {
            require(
                    value > 0 && value <= 100,
                    "temperature must be above 0 and at most 100: " + value + "; for the best token each time use "
                            + "sampling(false)");
            this.temperature = value;
            this.sampling = true;
            return this;
        }

        /** Sets top-k, 0 for no limit, and switches sampling on. */
        public Builder topK(int tokens) {
            require(tokens >= 0, "topK must be 0 (no limit) or more: " + tokens);
            this.topK = tokens;
            this.sampling = true;
            return this;
        }

        /** Sets top-p, above 0 and at most 1, and switches sampling on. */
        public Builder topP(double probability) {
            require(probability > 0 && probability <= 1, "topP must be above 0 and at most 1: " + probability);
            this.topP = probability;
            this.sampling = true;
            return this;
        }

        /** Makes sampled answers repeatable. */
        public Builder seed(long value) {
            this.seed = OptionalLong.of(value);
            return this;
        }

        /** Sets texts that end an answer, in place of any before; none may be empty. */
        public Builder stop(String... texts) {
            List<String> copy = List.of(texts);
            require(copy.stream().noneMatch(String::isEmpty), "stop texts must not be empty: " + copy);
            this.stop = copy;
            return this;
        }

        /** Makes the settings. */
        public GenerationConfig build() {
            return new GenerationConfig(this);
        }

        private static void require(boolean holds, String message) {
            if (!holds) {
                throw new InvalidRequestException(message);
            }
        }
    }
}
