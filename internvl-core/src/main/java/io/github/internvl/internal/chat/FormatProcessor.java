package io.github.internvl.internal.chat;

import io.github.internvl.internal.engine.LogitsPipeline.AwaitedProcessor;
import io.github.internvl.internal.format.FormatRule;

/** The rule of a format as a logits processor of the engine. */
record FormatProcessor(FormatRule rule) implements AwaitedProcessor {
    @Override
    public boolean isReady(int[] generated) {
        return rule.isReady(generated);
    }

    @Override
    public void process(int[] generated, float[] logits) {
        rule.process(generated, logits);
    }

    @Override
    public void end() {
        rule.end();
    }
}
