package io.github.internvl.internal.generate;

import io.github.internvl.ChatResponse.FinishReason;
import org.jspecify.annotations.Nullable;

/**
 * Takes sequences out and tells their callers. A failure is told even when there is no memory left: each sequence has an
 * exception that was made before, and one that cannot be told yet is kept, in a list that takes no memory, and tried again.
 * The engine's thread owns it.
 */
final class Endings {
    private final Scheduler scheduler;
    private final Door door;
    private @Nullable Sequence untold; // the first of the list
    private @Nullable Throwable lasting;

    Endings(Scheduler scheduler, Door door) {
        this.scheduler = scheduler;
        this.door = door;
    }

    /** The failure after which nothing can be computed any more; null if there was none. */
    @Nullable
    Throwable lasting() {
        return lasting;
    }

    /** Whether there is a sequence that could not be told of its failure yet. */
    boolean areUntold() {
        return untold != null;
    }

    /** Ends a sequence; where its answer cannot be told, it fails. */
    void end(Sequence sequence, FinishReason reason) {
        try {
            leave(sequence);
            sequence.end(reason);
        } catch (Throwable e) {
            fail(sequence, e);
        }
    }

    /** Fails a sequence, unless it has ended. Never throws, and needs no memory where there is none. */
    void fail(Sequence sequence, Throwable cause) {
        try {
            leave(sequence);
        } catch (Throwable e) { // it is out all the same, and its slots are free, with nothing in them to reuse
            sequence.leave();
        }
        if (!sequence.isOver()) {
            sequence.fail(failure(sequence, cause));
            tell(sequence);
        }
    }

    private RuntimeException failure(Sequence sequence, Throwable cause) {
        try {
            if (ComputeFailure.isLasting(cause)) {
                lasting = cause;
                door.shut(cause); // before its callers hear of it, so that they can tell why
            }
            return ComputeFailure.of(cause);
        } catch (OutOfMemoryError e) {
            return sequence.spare();
        }
    }

    /** Takes a sequence out, and counts it out before it is told of its end, so that its caller finds room for the next. */
    private void leave(Sequence sequence) {
        try {
            scheduler.release(sequence);
        } finally {
            if (sequence.leave()) {
                door.leave();
            }
        }
    }

    /** Tells a sequence of its failure, now or in a later turn, when there is memory for it. */
    private void tell(Sequence sequence) {
        try {
            sequence.tell();
        } catch (Throwable e) {
            sequence.nextUntold = untold;
            untold = sequence;
        }
    }

    /** Tries those again that could not be told. */
    void tellAgain() {
        Sequence next = untold;
        untold = null;
        while (next != null) {
            Sequence sequence = next;
            next = sequence.nextUntold;
            sequence.nextUntold = null;
            tell(sequence);
        }
    }
}
