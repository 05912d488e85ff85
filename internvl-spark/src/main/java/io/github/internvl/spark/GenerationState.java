package io.github.internvl.spark;

import io.github.internvl.GenerationConfig;
import io.github.internvl.OutputFormat;
import java.io.Serializable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/** Generation settings as they travel to the executors. Settings that are code cannot, and several answers fit into no column. */
record GenerationState(
        int maxNewTokens,
        int minNewTokens,
        Draw draw,
        Rules rules,
        Ends ends,
        Search search,
        int promptLookup,
        boolean skipSpecialTokens,
        String formatKind,
        List<String> formatTexts)
        implements Serializable {

    record Draw(
            boolean enabled,
            @Nullable Double temperature,
            @Nullable Integer topK,
            @Nullable Double topP,
            double minP,
            double typicalP)
            implements Serializable {}

    record Rules(
            double repetition,
            double presence,
            double frequency,
            int noRepeatNgram,
            List<String> badWords,
            Map<Integer, Double> logitBias)
            implements Serializable {}

    record Ends(
            List<String> texts, List<Integer> ids, boolean includeStop, boolean ignoreEnd, int loopNgram, int loopTimes)
            implements Serializable {}

    record Search(int beams, double lengthPenalty, GenerationConfig.EarlyStopping earlyStopping)
            implements Serializable {}

    /** The state of settings; refuses the ones that cannot be sent. */
    static GenerationState of(GenerationConfig config) {
        if (!config.processors().isEmpty() || config.tokenListener() != null) {
            throw new IllegalArgumentException(
                    "generation settings for Spark must be data: processors and a token listener are code of this program; leave them out");
        }
        if (config.answers() > 1 || config.logprobs().isPresent()) {
            throw new IllegalArgumentException("a row has one answer without log probabilities: answers="
                    + config.answers() + ", logprobs=" + config.logprobs() + "; leave both out");
        }
        GenerationConfig.Sampling sampling = config.sampling();
        GenerationConfig.Penalties penalties = config.penalties();
        GenerationConfig.Stopping stopping = config.stopping();
        GenerationConfig.BeamSearch beams = config.beamSearch();
        return new GenerationState(
                config.maxNewTokens(),
                config.minNewTokens(),
                new Draw(
                        sampling.enabled(),
                        boxed(sampling.temperature()),
                        sampling.topK().isPresent() ? (Integer) sampling.topK().getAsInt() : null,
                        boxed(sampling.topP()),
                        sampling.minP(),
                        sampling.typicalP()),
                new Rules(
                        penalties.repetition(),
                        penalties.presence(),
                        penalties.frequency(),
                        penalties.noRepeatNgram(),
                        penalties.badWords(),
                        new HashMap<>(penalties.logitBias())),
                new Ends(
                        stopping.texts(),
                        List.copyOf(stopping.ids()),
                        stopping.includeStop(),
                        stopping.ignoreEnd(),
                        stopping.loopNgram(),
                        stopping.loopTimes()),
                new Search(beams.beams(), beams.lengthPenalty(), beams.earlyStopping()),
                config.promptLookup(),
                config.skipSpecialTokens(),
                config.format().kind().name(),
                config.format().texts());
    }

    private static @Nullable Double boxed(OptionalDouble value) {
        return value.isPresent() ? (Double) value.getAsDouble() : null;
    }

    /** The same settings again, without a seed. */
    GenerationConfig config() {
        GenerationConfig.Builder builder = GenerationConfig.builder()
                .maxNewTokens(maxNewTokens)
                .minNewTokens(minNewTokens)
                .minP(draw.minP)
                .typicalP(draw.typicalP)
                .repetitionPenalty(rules.repetition)
                .presencePenalty(rules.presence)
                .frequencyPenalty(rules.frequency)
                .noRepeatNgram(rules.noRepeatNgram)
                .badWords(rules.badWords.toArray(String[]::new))
                .logitBias(rules.logitBias)
                .stop(ends.texts.toArray(String[]::new))
                .stopIds(ends.ids.stream().mapToInt(Integer::intValue).toArray())
                .includeStop(ends.includeStop)
                .ignoreEnd(ends.ignoreEnd)
                .stopLoops(ends.loopNgram, ends.loopTimes)
                .beams(search.beams)
                .lengthPenalty(search.lengthPenalty)
                .earlyStopping(search.earlyStopping)
                .promptLookup(promptLookup)
                .skipSpecialTokens(skipSpecialTokens)
                .format(format());
        if (draw.temperature != null) {
            builder.temperature(draw.temperature);
        }
        if (draw.topK != null) {
            builder.topK(draw.topK);
        }
        if (draw.topP != null) {
            builder.topP(draw.topP);
        }
        return builder.sampling(draw.enabled).build();
    }

    private OutputFormat format() {
        OutputFormat.Kind kind = OutputFormat.Kind.valueOf(formatKind);
        return switch (kind) {
            case TEXT -> OutputFormat.text();
            case JSON -> OutputFormat.json();
            case JSON_SCHEMA -> OutputFormat.jsonSchema(formatTexts.get(0));
            case REGEX -> OutputFormat.regex(formatTexts.get(0));
            case CHOICE -> OutputFormat.choice(formatTexts.toArray(String[]::new));
            case TOOL_CALL -> throw new IllegalArgumentException("a row cannot call tools: " + formatTexts);
        };
    }
}
