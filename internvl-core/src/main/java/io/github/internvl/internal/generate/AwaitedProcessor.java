package io.github.internvl.internal.generate;

import io.github.internvl.LogitsProcessor;

/** A rule whose next row may take long to come to, so that the engine serves others until it is ready. */
public interface AwaitedProcessor extends LogitsProcessor {
    /** Whether {@link #process} returns at once for an answer so far; if not, it is worked on from now on. Never throws. */
    boolean isReady(int[] generated);

    /** Ends what is worked on, as the answer has ended: nothing is asked any more. Never throws; may be repeated. */
    void end();
}
