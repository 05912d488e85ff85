package io.github.internvl.internal.chat;

import io.github.internvl.internal.engine.LogitsPipeline.AwaitedProcessor;
import io.github.internvl.internal.format.FormatRule;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The rule of a format as a logits processor of the engine.
 *
 * @param thinking the marks of thinking that may come before the format; null for none
 */
record FormatProcessor(FormatRule rule, @Nullable ThinkingMarks thinking) implements AwaitedProcessor {

    @Override
    public boolean isReady(int[] generated) {
        int[] formatted = formatted(generated);
        return formatted == null || rule.isReady(formatted);
    }

    @Override
    public void process(int[] generated, float[] logits) {
        int[] formatted = formatted(generated);
        if (formatted == null) {
            Objects.requireNonNull(thinking).holdThinking(generated, logits);
        } else if (thinking == null || generated.length > 0) {
            rule.process(formatted, logits);
        } else {
            float start = logits[thinking.start()];
            rule.process(formatted, logits);
            logits[thinking.start()] = start;
        }
    }

    /** The tokens that the format applies to; null while the answer thinks. */
    private int @Nullable [] formatted(int[] generated) {
        int from = thinking == null ? 0 : thinking.after(generated);
        return from <= 0 ? (from == 0 ? generated : null) : Arrays.copyOfRange(generated, from, generated.length);
    }

    @Override
    public void end() {
        rule.end();
    }
}
