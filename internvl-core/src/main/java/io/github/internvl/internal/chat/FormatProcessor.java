package io.github.internvl.internal.chat;

import io.github.internvl.internal.engine.LogitsPipeline.AwaitedProcessor;
import io.github.internvl.internal.format.FormatRule;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The rule of a format as a logits processor of the engine.
 *
 * @param thinking the marks of thinking that may come before the format; null for none
 */
record FormatProcessor(FormatRule rule, @Nullable Marks thinking) implements AwaitedProcessor {
    /**
     * Tokens around thinking.
     *
     * @param start begins it, as the first token of an answer
     * @param end ends it
     * @param ends those that end an answer, which thinking must not
     */
    record Marks(int start, int end, Set<Integer> ends) {}

    @Override
    public boolean isReady(int[] generated) {
        int[] formatted = formatted(generated);
        return formatted == null || rule.isReady(formatted);
    }

    @Override
    public void process(int[] generated, float[] logits) {
        int[] formatted = formatted(generated);
        if (formatted == null) {
            Objects.requireNonNull(thinking).ends().forEach(id -> logits[id] = Float.NEGATIVE_INFINITY);
            return;
        }
        float start = thinking != null && generated.length == 0 ? logits[thinking.start()] : Float.NEGATIVE_INFINITY;
        rule.process(formatted, logits);
        if (thinking != null && generated.length == 0) {
            logits[thinking.start()] = start;
        }
    }

    /** The tokens that the format applies to; null while the answer thinks. */
    private int @Nullable [] formatted(int[] generated) {
        if (thinking == null || generated.length == 0 || generated[0] != thinking.start()) {
            return generated;
        }
        for (int i = 1; i < generated.length; i++) {
            if (generated[i] == thinking.end()) {
                return Arrays.copyOfRange(generated, i + 1, generated.length);
            }
        }
        return null;
    }

    @Override
    public void end() {
        rule.end();
    }
}
