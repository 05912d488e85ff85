package io.github.internvl;

import io.github.internvl.internal.format.FormatRule;
import io.github.internvl.internal.generate.AwaitedProcessor;

/** The rule of a format, as the engine waits for it. */
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
