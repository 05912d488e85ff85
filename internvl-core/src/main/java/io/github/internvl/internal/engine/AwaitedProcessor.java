package io.github.internvl.internal.engine;

import io.github.internvl.LogitsProcessor;

/** A logits processor that may take long over its next row: the engine serves other requests until it is ready. */
public interface AwaitedProcessor extends LogitsProcessor {
    /** Whether {@link #process} returns at once after these tokens; if not, work on it starts. Never throws. */
    boolean isReady(int[] generated);

    /** Stops all work, as the answer has ended. Never throws; harmless when repeated. */
    void end();
}
