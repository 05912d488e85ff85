package io.github.internvl;

import io.github.internvl.BeamSearch.EarlyStopping;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How an answer is generated: greedily, by sampling, or by beam search. Immutable, if its processors and its listener are;
 * build one with {@link #builder()}.
 *
 * <p>The logits of each token pass, in this order, what is switched on of: repetition penalty, blocked n-grams, minimum
 * length, bad words, logit bias and forbidden tokens, presence and frequency penalty, own processors, format. Greedy decoding takes
 * the best token then. Sampling goes on with temperature, top-k, top-p, min-p and typical-p, each of which leaves at least
 * one token, and draws from what is left. The order is that of transformers.
 *
 * <p>The defaults are the reference's: greedy; with sampling on, temperature, top-k and top-p as the checkpoint says, or
 * else 1, 50 and 1. For repetition penalty and n-grams, what came before is the answer alone in checkpoints of the official
 * layout, and the prompt too in those of transformers' own, as in the reference of each.
 */
public final class GenerationConfig {
    private static final GenerationConfig DEFAULT = builder().build();

    private final Values set;

    private static final class Values implements Cloneable {
        private int maxNewTokens = 1024;
        private int minNewTokens;
        private boolean sampling;
        private @Nullable Double temperature;
        private @Nullable Integer topK;
        private @Nullable Double topP;
        private double minP;
        private double typicalP = 1;
        private double repetition = 1;
        private double presence;
        private double frequency;
        private int noRepeatNgram;
        private List<String> badWords = List.of();
        private Map<Integer, Double> logitBias = Map.of();
        private List<String> stop = List.of();
        private Set<Integer> stopIds = Set.of();
        private boolean includeStop;
        private boolean ignoreEnd;
        private int loopNgram;
        private int loopTimes;
        private OptionalLong seed = OptionalLong.empty();
        private int answers = 1;
        private int beams = 1;
        private double lengthPenalty = 1;
        private EarlyStopping earlyStopping = EarlyStopping.WHEN_UNLIKELY;
        private OptionalInt logprobs = OptionalInt.empty();
        private int promptLookup;
        private boolean skipSpecialTokens = true;
        private OutputFormat format = OutputFormat.text();
        private List<LogitsProcessor> processors = List.of();
        private @Nullable IntPredicate tokenListener;

        private Values copy() {
            try {
                return (Values) clone();
            } catch (CloneNotSupportedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private GenerationConfig(Values set) {
        this.set = set;
    }

    /** Greedy, at most 1024 new tokens. */
    public static GenerationConfig defaults() {
        return DEFAULT;
    }

    /** Starts from the defaults. */
    public static Builder builder() {
        return new Builder(new Values());
    }

    /** Starts from these settings. */
    public Builder toBuilder() {
        return new Builder(set.copy());
    }

    /** These settings, and a checkpoint's own for sampling where none were given. */
    GenerationConfig withDefaults(double temperature, int topK, double topP) {
        Values values = set.copy();
        values.temperature = set.temperature == null ? Double.valueOf(temperature) : set.temperature;
        values.topK = set.topK == null ? Integer.valueOf(topK) : set.topK;
        values.topP = set.topP == null ? Double.valueOf(topP) : set.topP;
        return new GenerationConfig(values);
    }

    /** Most tokens of an answer, its end token included. */
    public int maxNewTokens() {
        return set.maxNewTokens;
    }

    /** Fewest tokens of an answer, its end token not counted. */
    public int minNewTokens() {
        return set.minNewTokens;
    }

    /** Whether tokens are drawn at random; otherwise the best one is taken, or beams are followed. */
    public boolean sampling() {
        return set.sampling;
    }

    /** The divisor of logits before they become probabilities. */
    public double temperature() {
        return set.temperature == null ? 1 : set.temperature;
    }

    /** How many of the best tokens are drawn from; 0 for all. */
    public int topK() {
        return set.topK == null ? 50 : set.topK;
    }

    /** The probability that the best tokens, of which one is drawn, must reach together; 1 for all. */
    public double topP() {
        return set.topP == null ? 1 : set.topP;
    }

    /** The least probability of a token that is drawn, as a share of the best one's; 0 for any. */
    public double minP() {
        return set.minP;
    }

    /** The probability that the most typical tokens, of which one is drawn, must reach together; 1 for all. */
    public double typicalP() {
        return set.typicalP;
    }

    /** The penalties, bans and biases of tokens. */
    public Penalties penalties() {
        return new Penalties(
                set.repetition, set.presence, set.frequency, set.noRepeatNgram, set.badWords, set.logitBias);
    }

    /** The rules that end an answer before its limit of tokens. */
    public StopRules stopRules() {
        return new StopRules(set.stop, set.stopIds, set.includeStop, set.ignoreEnd, set.loopNgram, set.loopTimes);
    }

    /** The seed of the draw, where answers are to be repeatable. */
    public OptionalLong seed() {
        return set.seed;
    }

    /** How many answers are generated. */
    public int answers() {
        return set.answers;
    }

    /** How several beginnings of an answer are followed at once. */
    public BeamSearch beamSearch() {
        return new BeamSearch(set.beams, set.lengthPenalty, set.earlyStopping);
    }

    /** How many of the best tokens are told beside each token and its log probability; empty if none are told. */
    public OptionalInt logprobs() {
        return set.logprobs;
    }

    /** Most tokens that are drafted at once; 0 for none. */
    public int promptLookup() {
        return set.promptLookup;
    }

    /** Whether special tokens are left out of the text. */
    public boolean skipSpecialTokens() {
        return set.skipSpecialTokens;
    }

    /** The format of an answer. */
    public OutputFormat format() {
        return set.format;
    }

    /** Own rules for the next token, in their order. */
    public List<LogitsProcessor> processors() {
        return set.processors;
    }

    /** The callback for each token; null for none. */
    public @Nullable IntPredicate tokenListener() {
        return set.tokenListener;
    }

    /** The settings that are most often changed, in words. */
    @Override
    public String toString() {
        return "GenerationConfig[maxNewTokens=" + maxNewTokens() + ", sampling=" + sampling() + ", temperature="
                + temperature() + ", topK=" + topK() + ", topP=" + topP() + ", seed=" + seed() + ", " + penalties()
                + ", " + stopRules() + ", answers=" + answers() + ", " + beamSearch() + "]";
    }

    /** Collects settings; each method checks its value, and {@link #build} how they go together. Not thread-safe. */
    public static final class Builder {
        private final Values set;

        private Builder(Values set) {
            this.set = set;
        }

        /** Sets the most tokens of an answer, at least 1. */
        public Builder maxNewTokens(int tokens) {
            require(tokens >= 1, "maxNewTokens must be at least 1", tokens);
            set.maxNewTokens = tokens;
            return this;
        }

        /** Sets the fewest tokens of an answer before it may end; neither stop texts nor loops count before. */
        public Builder minNewTokens(int tokens) {
            require(tokens >= 0, "minNewTokens must be at least 0", tokens);
            set.minNewTokens = tokens;
            return this;
        }

        /** Switches sampling on or off ({@code do_sample}). */
        public Builder sampling(boolean on) {
            set.sampling = on;
            return this;
        }

        /** Sets the temperature, above 0, and switches sampling on. */
        public Builder temperature(double value) {
            String rule = "temperature must be above 0 and at most 100 (for the best token each time: sampling(false))";
            require(value > 0 && value <= 100, rule, value);
            set.temperature = value;
            return sampling(true);
        }

        /** Sets top-k, 0 for no limit, and switches sampling on. */
        public Builder topK(int tokens) {
            require(tokens >= 0, "topK must be 0 (no limit) or more", tokens);
            set.topK = tokens;
            return sampling(true);
        }

        /** Sets top-p, 0 (the best token alone) to 1, and switches sampling on. */
        public Builder topP(double probability) {
            require(probability >= 0 && probability <= 1, "topP must be 0..1", probability);
            set.topP = probability;
            return sampling(true);
        }

        /** Sets min-p, 0 to 1, and switches sampling on. */
        public Builder minP(double share) {
            require(share >= 0 && share <= 1, "minP must be 0..1", share);
            set.minP = share;
            return sampling(true);
        }

        /** Sets typical-p, above 0 and at most 1, and switches sampling on. */
        public Builder typicalP(double probability) {
            require(probability > 0 && probability <= 1, "typicalP must be above 0 and at most 1", probability);
            set.typicalP = probability;
            return sampling(true);
        }

        /** Sets the repetition penalty, above 0: more than 1 against repeating, less than 1 in favour of it. */
        public Builder repetitionPenalty(double factor) {
            require(factor > 0 && factor <= 100, "repetitionPenalty must be above 0 and at most 100", factor);
            set.repetition = factor;
            return this;
        }

        /** Sets the presence penalty, -100 to 100 (OpenAI allows -2 to 2). */
        public Builder presencePenalty(double value) {
            require(Math.abs(value) <= 100, "presencePenalty must be -100..100", value);
            set.presence = value;
            return this;
        }

        /** Sets the frequency penalty, -100 to 100 (OpenAI allows -2 to 2). */
        public Builder frequencyPenalty(double value) {
            require(Math.abs(value) <= 100, "frequencyPenalty must be -100..100", value);
            set.frequency = value;
            return this;
        }

        /** Lets no run of so many tokens come twice; 0 allows all. */
        public Builder noRepeatNgram(int tokens) {
            require(tokens >= 0, "noRepeatNgram must be 0 (none) or more", tokens);
            set.noRepeatNgram = tokens;
            return this;
        }

        /** Sets texts that do not come, as the tokens that they are alone or after a space, in place of any before. */
        public Builder badWords(String... texts) {
            set.badWords = texts("bad words", texts);
            return this;
        }

        /** Forbids tokens, beside the logit biases there are. */
        public Builder suppress(int... ids) {
            Map<Integer, Double> biases = new TreeMap<>(set.logitBias);
            Arrays.stream(ids).forEach(id -> biases.put(id, Double.NEGATIVE_INFINITY));
            return logitBias(biases);
        }

        /** Sets what is added to the logits of some tokens, in place of any before; negative infinity forbids one. */
        public Builder logitBias(Map<Integer, Double> biases) {
            biases.forEach((id, bias) -> {
                require(id >= 0, "logitBias must be for token ids of 0 or more", id);
                require(bias < Double.POSITIVE_INFINITY, "logitBias must be a number or negative infinity", bias);
            });
            set.logitBias = Map.copyOf(biases);
            return this;
        }

        /** Sets texts that end an answer, in place of any before; none may be empty. */
        public Builder stop(String... texts) {
            set.stop = texts("stop texts", texts);
            return this;
        }

        /** Sets tokens that end an answer beside the model's own, in place of any before. */
        public Builder stopIds(int... ids) {
            set.stopIds = Arrays.stream(ids).boxed().collect(Collectors.toUnmodifiableSet());
            return this;
        }

        /** Sets whether the stop text or token that ends an answer is part of its text. */
        public Builder includeStop(boolean included) {
            set.includeStop = included;
            return this;
        }

        /** Sets whether the model's own end tokens do not end an answer ({@code ignore_eos}). */
        public Builder ignoreEnd(boolean ignored) {
            set.ignoreEnd = ignored;
            return this;
        }

        /** Ends an answer when the last so many tokens have come so many times in it; 0 tokens for never. */
        public Builder stopLoops(int tokens, int times) {
            require(tokens >= 0, "stopLoops needs runs of 0 (never) or more tokens", tokens);
            require(times >= 2 || tokens == 0, "stopLoops needs a run to come at least 2 times", times);
            set.loopNgram = tokens;
            set.loopTimes = times;
            return this;
        }

        /** Makes sampled answers repeatable. */
        public Builder seed(long value) {
            set.seed = OptionalLong.of(value);
            return this;
        }

        /**
         * Sets how many answers are generated, each in a slot; they need sampling, or as many beams. Of sampled ones, the
         * n-th after the first is the one that the seed + n gives alone.
         */
        public Builder answers(int count) {
            require(count >= 1, "answers must be at least 1", count);
            set.answers = count;
            return this;
        }

        /** Sets how many beams are followed, each in a slot; 1 for no beam search. */
        public Builder beams(int count) {
            require(count >= 1, "beams must be at least 1", count);
            set.beams = count;
            return this;
        }

        /** Sets the length penalty of beam search. */
        public Builder lengthPenalty(double power) {
            require(Math.abs(power) <= 100, "lengthPenalty must be -100..100", power);
            set.lengthPenalty = power;
            return this;
        }

        /** Sets when beam search ends. */
        public Builder earlyStopping(EarlyStopping when) {
            set.earlyStopping = when;
            return this;
        }

        /** Tells the log probability of each token, as the model has it, and so many of the best, 0 to 100. */
        public Builder logprobs(int best) {
            require(best >= 0 && best <= 100, "logprobs must be 0..100", best);
            set.logprobs = OptionalInt.of(best);
            return this;
        }

        /** Drafts so many tokens, 0 to 32, from what came before, and verifies them in one step; answers stay the same. */
        public Builder promptLookup(int tokens) {
            require(tokens >= 0 && tokens <= 32, "promptLookup must be 0 (none) to 32", tokens);
            set.promptLookup = tokens;
            return this;
        }

        /** Sets whether special tokens are left out of the text, the model's end token in any case. */
        public Builder skipSpecialTokens(boolean skipped) {
            set.skipSpecialTokens = skipped;
            return this;
        }

        /** Sets what an answer may look like; its rule comes after all others. */
        public Builder format(OutputFormat shape) {
            set.format = shape;
            return this;
        }

        /** Sets own rules for the next token, in place of any before. */
        public Builder processors(LogitsProcessor... rules) {
            set.processors = List.of(rules);
            return this;
        }

        /** Sets who gets the id of each token, on the engine's thread, and ends the answer by saying false. */
        public Builder tokenListener(IntPredicate listener) {
            set.tokenListener = listener;
            return this;
        }

        /** Makes the settings; throws {@link InvalidRequestException} where some cannot be combined. */
        public GenerationConfig build() {
            GenerationConfig config = new GenerationConfig(set.copy());
            GenerationRules.check(config);
            return config;
        }

        private static List<String> texts(String name, String... texts) {
            List<String> copy = List.of(texts);
            require(copy.stream().noneMatch(String::isEmpty), name + " must not be empty", copy);
            return copy;
        }

        private static void require(boolean holds, String rule, Object found) {
            if (!holds) {
                throw new InvalidRequestException(rule + ": " + found);
            }
        }
    }
}
