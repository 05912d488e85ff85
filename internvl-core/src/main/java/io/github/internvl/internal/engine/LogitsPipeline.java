package io.github.internvl.internal.engine;

import io.github.internvl.GenerationConfig;
import io.github.internvl.GenerationConfig.Penalties;
import io.github.internvl.LogitsProcessor;
import io.github.internvl.internal.torch.ComputeFailure;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The logits processors of a request in the order of transformers: first the built-in ones that the settings switch on, then the
 * caller's own. It keeps no state of an answer, so beams may change places.
 */
public final class LogitsPipeline {
    /** A logits processor that may take long over its next row: the engine serves other requests until it is ready. */
    public interface AwaitedProcessor extends LogitsProcessor {
        /** Whether {@link #process} returns at once after these tokens; if not, work on it starts. Never throws. */
        boolean isReady(int[] generated);

        /** Stops all work, as the answer has ended. Never throws; harmless when repeated. */
        void end();
    }

    private final List<LogitsProcessor> steps = new ArrayList<>();
    private final List<AwaitedProcessor> awaited;

    /**
     * Makes the pipeline of a request.
     *
     * @param endIds tokens that end the answer, beside the settings' own
     * @param badWords texts that must not come, as tokens
     * @param history the tokens that count as generated before the answer
     */
    public LogitsPipeline(GenerationConfig config, Set<Integer> endIds, List<int[]> badWords, int[] history) {
        Penalties penalties = config.penalties();
        if (penalties.repetition() != 1) {
            steps.add(LogitsProcessors.repetition((float) penalties.repetition(), history));
        }
        if (penalties.noRepeatNgram() > 0) {
            steps.add(LogitsProcessors.noRepeat(penalties.noRepeatNgram(), history));
        }
        if (config.minNewTokens() > 0) {
            Set<Integer> ends = new TreeSet<>(endIds);
            ends.addAll(config.stopping().ids());
            steps.add(LogitsProcessors.minimum(config.minNewTokens(), ends));
        }
        if (!badWords.isEmpty()) {
            steps.add(LogitsProcessors.without(badWords));
        }
        if (!penalties.logitBias().isEmpty()) {
            steps.add(LogitsProcessors.bias(penalties.logitBias()));
        }
        if (penalties.presence() != 0 || penalties.frequency() != 0) {
            steps.add(LogitsProcessors.counts((float) penalties.presence(), (float) penalties.frequency()));
        }
        steps.addAll(config.processors());
        awaited = steps.stream()
                .filter(AwaitedProcessor.class::isInstance)
                .map(AwaitedProcessor.class::cast)
                .toList();
    }

    /** Whether it leaves logits as they are. */
    boolean isEmpty() {
        return steps.isEmpty();
    }

    /** Whether {@link #process} returns at once after these tokens; if not, work on it starts. */
    boolean isReady(int[] generated) {
        boolean ready = true;
        for (AwaitedProcessor step : awaited) {
            ready &= step.isReady(generated);
        }
        return ready;
    }

    /** Whether any processor may have to be waited for. */
    boolean isAwaited() {
        return !awaited.isEmpty();
    }

    /** Stops the work of its processors at the end of the request. Takes no memory. */
    void end() {
        for (int i = 0; i < awaited.size(); i++) {
            awaited.get(i).end();
        }
    }

    /**
     * Changes a row of logits in place.
     *
     * @param generated the tokens of the answer so far
     * @param logits [vocabulary]
     */
    public void process(int[] generated, float[] logits) {
        for (LogitsProcessor step : steps) {
            try {
                step.process(generated, logits);
            } catch (Throwable e) { // a caller's may throw anything, checked exceptions too
                throw ComputeFailure.ofCallback("LogitsProcessor", e);
            }
        }
    }
}
