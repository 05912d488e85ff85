package io.github.internvl;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The settings of generation: greedy decoding, sampling or beam search, and the rules around it. Immutable and
 * thread-safe, if its processors and its listener are. {@link #builder()} makes one, and the methods of {@link Builder}
 * document the settings.
 *
 * <p>Those steps that are switched on change the logits of each token in this order: repetition penalty, blocked n-grams,
 * minimum length, bad words, logit bias and forbidden tokens, presence and frequency penalty, custom processors, format.
 * Greedy decoding then takes the best token. Sampling continues with temperature, top-k, top-p, min-p and typical-p, each
 * of which keeps at least one token, and draws from the rest. The order is that of transformers.
 */
public final class GenerationConfig {
    private static final GenerationConfig DEFAULT = builder().build();

    private final Builder set; // a copy that is never changed

    private GenerationConfig(Builder set) {
        this.set = new Builder(set);
    }

    /** The random draw of tokens. An empty temperature, top-k or top-p is the checkpoint's, or else 1, 50 or 1. */
    public record Sampling(
            boolean enabled,
            OptionalDouble temperature,
            OptionalInt topK,
            OptionalDouble topP,
            double minP,
            double typicalP,
            OptionalLong seed) {
        /** Checks the ranges; throws {@link InvalidRequestException}. */
        public Sampling {
            SettingsCheck.sampling(temperature, topK, topP, minP, typicalP);
        }
    }

    /** The penalties, bans and biases of tokens. */
    public record Penalties(
            double repetition,
            double presence,
            double frequency,
            int noRepeatNgram,
            List<String> badWords,
            Map<Integer, Double> logitBias) {
        /** Copies the collections and checks the ranges; throws {@link InvalidRequestException}. */
        public Penalties {
            badWords = List.copyOf(badWords);
            logitBias = Map.copyOf(logitBias);
            SettingsCheck.penalties(repetition, presence, frequency, noRepeatNgram, badWords, logitBias);
        }
    }

    /** The texts, tokens and loops that end an answer before its limit of tokens. */
    public record Stopping(
            List<String> texts,
            Set<Integer> ids,
            boolean includeStop,
            boolean ignoreEnd,
            int loopNgram,
            int loopTimes) {
        /** Copies the collections and checks the ranges; throws {@link InvalidRequestException}. */
        public Stopping {
            texts = List.copyOf(texts);
            ids = Set.copyOf(ids);
            SettingsCheck.stopping(texts, loopNgram, loopTimes);
        }
    }

    /** Beam search: several beginnings of an answer are followed at once, and the most probable whole answer wins. */
    public record BeamSearch(int beams, double lengthPenalty, EarlyStopping earlyStopping) {
        /** Checks the ranges; throws {@link InvalidRequestException}. */
        public BeamSearch {
            SettingsCheck.beams(beams, lengthPenalty);
        }
    }

    /** The end of a beam search, by the values of {@code early_stopping} in transformers. */
    public enum EarlyStopping {
        /** When the number of complete answers equals the number of beams ({@code True}). */
        WHEN_COMPLETE,
        /** When the best beam, if it ended now, would not beat the worst complete answer ({@code False}). */
        WHEN_UNLIKELY,
        /** When no beam can beat the worst complete answer at any length ({@code "never"}). */
        WHEN_IMPOSSIBLE
    }

    /** The default settings: greedy, at most 1024 new tokens. */
    public static GenerationConfig defaults() {
        return DEFAULT;
    }

    /** A builder with the default settings. */
    public static Builder builder() {
        return new Builder();
    }

    /** A builder with these settings. */
    public Builder toBuilder() {
        return new Builder(set);
    }

    /** These settings, with a checkpoint's own for sampling where none were given. */
    GenerationConfig withDefaults(double temperature, int topK, double topP) {
        Sampling own = set.sampling;
        return new GenerationConfig(toBuilder()
                .temperature(own.temperature.orElse(temperature))
                .topK(own.topK.orElse(topK))
                .topP(own.topP.orElse(topP))
                .sampling(own.enabled));
    }

    /** Most tokens of an answer, its end token included. */
    public int maxNewTokens() {
        return set.maxNewTokens;
    }

    /** Fewest tokens of an answer, its end token not counted. */
    public int minNewTokens() {
        return set.minNewTokens;
    }

    /** The random draw of tokens. */
    public Sampling sampling() {
        return set.sampling;
    }

    /** The penalties, bans and biases of tokens. */
    public Penalties penalties() {
        return set.penalties;
    }

    /** The texts, tokens and loops that end an answer before its limit. */
    public Stopping stopping() {
        return set.stopping;
    }

    /** The beams. */
    public BeamSearch beamSearch() {
        return set.beamSearch;
    }

    /** Number of answers. */
    public int answers() {
        return set.answers;
    }

    /** Number of the best tokens reported beside each token and its log probability; empty if none are reported. */
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

    /** Custom steps for the logits of the next token, in their order. */
    public List<LogitsProcessor> processors() {
        return set.processors;
    }

    /** The callback for each token; null for none. */
    public @Nullable IntPredicate tokenListener() {
        return set.tokenListener;
    }

    @Override
    public String toString() {
        return "GenerationConfig[maxNewTokens=" + maxNewTokens() + ", " + sampling() + ", " + penalties() + ", "
                + stopping() + ", answers=" + answers() + ", " + beamSearch() + "]";
    }

    /** Collects settings. A value out of its range throws {@link InvalidRequestException}. Not thread-safe. */
    public static final class Builder {
        private int maxNewTokens = 1024;
        private int minNewTokens;
        private Sampling sampling = new Sampling(
                false, OptionalDouble.empty(), OptionalInt.empty(), OptionalDouble.empty(), 0, 1, OptionalLong.empty());
        private Penalties penalties = new Penalties(1, 0, 0, 0, List.of(), Map.of());
        private Stopping stopping = new Stopping(List.of(), Set.of(), false, false, 0, 0);
        private BeamSearch beamSearch = new BeamSearch(1, 1, EarlyStopping.WHEN_UNLIKELY);
        private int answers = 1;
        private OptionalInt logprobs = OptionalInt.empty();
        private int promptLookup;
        private boolean skipSpecialTokens = true;
        private OutputFormat format = OutputFormat.text();
        private List<LogitsProcessor> processors = List.of();
        private @Nullable IntPredicate tokenListener;

        private Builder() {}

        private Builder(Builder from) {
            this.maxNewTokens = from.maxNewTokens;
            this.minNewTokens = from.minNewTokens;
            this.sampling = from.sampling;
            this.penalties = from.penalties;
            this.stopping = from.stopping;
            this.beamSearch = from.beamSearch;
            this.answers = from.answers;
            this.logprobs = from.logprobs;
            this.promptLookup = from.promptLookup;
            this.skipSpecialTokens = from.skipSpecialTokens;
            this.format = from.format;
            this.processors = from.processors;
            this.tokenListener = from.tokenListener;
        }

        /** Sets the most tokens of an answer, its end token included, at least 1. */
        public Builder maxNewTokens(int tokens) {
            maxNewTokens = SettingsCheck.require(tokens >= 1, "maxNewTokens must be at least 1", tokens);
            return this;
        }

        /** Sets the fewest tokens of an answer before it may end; neither stop texts nor loops count before. */
        public Builder minNewTokens(int tokens) {
            minNewTokens = SettingsCheck.require(tokens >= 0, "minNewTokens must be at least 0", tokens);
            return this;
        }

        /** Switches sampling on or off ({@code do_sample}). */
        public Builder sampling(boolean on) {
            Sampling s = sampling;
            sampling = new Sampling(on, s.temperature, s.topK, s.topP, s.minP, s.typicalP, s.seed);
            return this;
        }

        /** Sets the divisor of the logits, above 0, and switches sampling on. Without it the checkpoint's, or else 1. */
        public Builder temperature(double value) {
            return draw(OptionalDouble.of(value), sampling.topK, sampling.topP, sampling.minP, sampling.typicalP);
        }

        /** Keeps the {@code tokens} best tokens, 0 for all; sampling is on. Without it the checkpoint's, or else 50. */
        public Builder topK(int tokens) {
            return draw(sampling.temperature, OptionalInt.of(tokens), sampling.topP, sampling.minP, sampling.typicalP);
        }

        /**
         * Keeps the best tokens that reach a probability together, 0 (the best one alone) to 1 (all); sampling is on.
         * Without it the checkpoint's, or else 1.
         */
        public Builder topP(double value) {
            OptionalDouble p = OptionalDouble.of(value);
            return draw(sampling.temperature, sampling.topK, p, sampling.minP, sampling.typicalP);
        }

        /** Keeps the tokens of at least a share, 0 to 1, of the best one's probability; sampling is on. */
        public Builder minP(double share) {
            return draw(sampling.temperature, sampling.topK, sampling.topP, share, sampling.typicalP);
        }

        /** Keeps the most typical tokens that reach a probability together, above 0 to 1 (all); sampling is on. */
        public Builder typicalP(double share) {
            return draw(sampling.temperature, sampling.topK, sampling.topP, sampling.minP, share);
        }

        private Builder draw(OptionalDouble divisor, OptionalInt k, OptionalDouble p, double minP, double typicalP) {
            sampling = new Sampling(true, divisor, k, p, minP, typicalP, sampling.seed);
            return this;
        }

        /** Sets the seed, which makes sampled answers repeatable. */
        public Builder seed(long value) {
            Sampling s = sampling;
            OptionalLong seed = OptionalLong.of(value);
            sampling = new Sampling(s.enabled, s.temperature, s.topK, s.topP, s.minP, s.typicalP, seed);
            return this;
        }

        /**
         * Sets the divisor of positive logits, and factor of negative ones, of tokens that came before: more than 1 against
         * repeating. As in the references, tokens of the prompt count in transformers' own layout, not in the official one.
         */
        public Builder repetitionPenalty(double factor) {
            return penalties(factor, penalties.presence, penalties.frequency, penalties.noRepeatNgram);
        }

        /** Sets the amount taken from the logits of all tokens of the answer so far, -100 to 100. */
        public Builder presencePenalty(double value) {
            return penalties(penalties.repetition, value, penalties.frequency, penalties.noRepeatNgram);
        }

        /** Sets the amount taken from a token's logit for each time it came in the answer, -100 to 100. */
        public Builder frequencyPenalty(double value) {
            return penalties(penalties.repetition, penalties.presence, value, penalties.noRepeatNgram);
        }

        /** Sets the length in tokens of the runs that may not come twice in an answer; 0 for none. */
        public Builder noRepeatNgram(int tokens) {
            return penalties(penalties.repetition, penalties.presence, penalties.frequency, tokens);
        }

        private Builder penalties(double repetition, double presence, double frequency, int noRepeatNgram) {
            penalties = new Penalties(
                    repetition, presence, frequency, noRepeatNgram, penalties.badWords, penalties.logitBias);
            return this;
        }

        /** Sets texts to ban, tokenized both alone and after a space; replaces any set before. */
        public Builder badWords(String... texts) {
            List<String> words = List.of(texts);
            Penalties p = penalties;
            penalties = new Penalties(p.repetition, p.presence, p.frequency, p.noRepeatNgram, words, p.logitBias);
            return this;
        }

        /** Forbids tokens, beside the logit biases there are. */
        public Builder suppress(int... ids) {
            Map<Integer, Double> biases = new TreeMap<>(penalties.logitBias);
            Arrays.stream(ids).forEach(id -> biases.put(id, Double.NEGATIVE_INFINITY));
            return logitBias(biases);
        }

        /** Sets the amounts added to the logits of tokens, in place of any before; negative infinity forbids a token. */
        public Builder logitBias(Map<Integer, Double> biases) {
            Penalties p = penalties;
            penalties = new Penalties(p.repetition, p.presence, p.frequency, p.noRepeatNgram, p.badWords, biases);
            return this;
        }

        /** Sets texts that end an answer, in place of any before; none may be empty. */
        public Builder stop(String... texts) {
            return stopping(List.of(texts), stopping.ids, stopping.includeStop, stopping.ignoreEnd);
        }

        /** Sets tokens that end an answer beside the model's own, in place of any before. */
        public Builder stopIds(int... ids) {
            Set<Integer> all = Arrays.stream(ids).boxed().collect(Collectors.toSet());
            return stopping(stopping.texts, all, stopping.includeStop, stopping.ignoreEnd);
        }

        /** Sets whether the stop text or token that ends an answer is part of its text. */
        public Builder includeStop(boolean included) {
            return stopping(stopping.texts, stopping.ids, included, stopping.ignoreEnd);
        }

        /** Sets whether the model's own end tokens do not end an answer ({@code ignore_eos}). */
        public Builder ignoreEnd(boolean ignored) {
            return stopping(stopping.texts, stopping.ids, stopping.includeStop, ignored);
        }

        private Builder stopping(List<String> texts, Set<Integer> ids, boolean includeStop, boolean ignoreEnd) {
            stopping = new Stopping(texts, ids, includeStop, ignoreEnd, stopping.loopNgram, stopping.loopTimes);
            return this;
        }

        /** Ends an answer when its last {@code tokens} tokens have come {@code times} times in it; 0 tokens for never. */
        public Builder stopLoops(int tokens, int times) {
            Stopping s = stopping;
            stopping = new Stopping(s.texts, s.ids, s.includeStop, s.ignoreEnd, tokens, times);
            return this;
        }

        /**
         * Sets how many answers are generated, each in a slot; they need sampling, or as many beams. Sampled answer n,
         * counted from 0, equals a single answer with the seed + n.
         */
        public Builder answers(int count) {
            answers = SettingsCheck.require(count >= 1, "answers must be at least 1", count);
            return this;
        }

        /** Sets how many beams are followed, each in a slot; 1 for no beam search. */
        public Builder beams(int count) {
            beamSearch = new BeamSearch(count, beamSearch.lengthPenalty, beamSearch.earlyStopping);
            return this;
        }

        /**
         * Sets the power of an answer's length, its end token counted, that divides the sum of its log probabilities,
         * -100 to 100: above 0 favours long answers, below 0 short ones.
         */
        public Builder lengthPenalty(double power) {
            beamSearch = new BeamSearch(beamSearch.beams, power, beamSearch.earlyStopping);
            return this;
        }

        /** Sets when beam search ends before the limit of tokens. */
        public Builder earlyStopping(EarlyStopping when) {
            beamSearch = new BeamSearch(beamSearch.beams, beamSearch.lengthPenalty, when);
            return this;
        }

        /** Reports the log probability of each token before penalties, and of the {@code best} best ones, 0 to 100. */
        public Builder logprobs(int best) {
            logprobs = OptionalInt.of(SettingsCheck.require(best >= 0 && best <= 100, "logprobs must be 0..100", best));
            return this;
        }

        /** Sets how many tokens, 0 to 32, are drafted from earlier text and verified in one step; answers stay the same. */
        public Builder promptLookup(int tokens) {
            promptLookup =
                    SettingsCheck.require(tokens >= 0 && tokens <= 32, "promptLookup must be 0 (none) to 32", tokens);
            return this;
        }

        /** Sets whether special tokens are left out of the text, the model's end token in any case. */
        public Builder skipSpecialTokens(boolean skipped) {
            skipSpecialTokens = skipped;
            return this;
        }

        /** Sets the format of an answer; its step comes after all others. */
        public Builder format(OutputFormat shape) {
            format = shape;
            return this;
        }

        /** Sets custom steps for the logits of the next token, in place of any before. */
        public Builder processors(LogitsProcessor... steps) {
            processors = List.of(steps);
            return this;
        }

        /** Sets the callback that gets the id of each token, on the engine's thread, and ends the answer by returning false. */
        public Builder tokenListener(IntPredicate listener) {
            tokenListener = listener;
            return this;
        }

        /** The settings; throws {@link InvalidRequestException} where some cannot be combined. */
        public GenerationConfig build() {
            GenerationConfig config = new GenerationConfig(this);
            SettingsCheck.combination(config);
            return config;
        }
    }
}
