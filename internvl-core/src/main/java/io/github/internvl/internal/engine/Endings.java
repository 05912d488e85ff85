package io.github.internvl.internal.engine;

import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.internal.torch.ComputeFailure;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Removes sequences from the engine and reports to their callers. A failure is reported even when there is no memory left: each
 * sequence has an exception that was made in advance, and a sequence whose callback fails for want of memory is kept, in a list
 * that takes no memory, and tried again. The engine's thread owns it.
 */
final class Endings {
    private final Scheduler scheduler;
    private final RequestQueue queue;
    private final BooleanSupplier computes;
    private @Nullable Sequence unreported; // the first of the list
    private @Nullable Throwable lasting;
    private @Nullable Throwable asked; // the last cause whose device was asked: all sequences of a step have the same
    private boolean computed; // the device's answer

    /** @param computes whether the devices still compute, which is asked after an error of one */
    Endings(Scheduler scheduler, RequestQueue queue, BooleanSupplier computes) {
        this.scheduler = scheduler;
        this.queue = queue;
        this.computes = computes;
    }

    /** Whether nothing can be computed after an exception: a GPU mostly fails for good, and sometimes refuses one launch. */
    boolean isLasting(Throwable cause) {
        if (lasting != null || !ComputeFailure.isOfDevice(cause)) {
            return lasting != null;
        }
        if (cause != asked) {
            computed = computes.getAsBoolean();
            asked = cause;
        }
        return !computed;
    }

    /** The failure after which nothing can be computed any more; null if there was none. */
    @Nullable
    Throwable lasting() {
        return lasting;
    }

    /** Whether a failure is still to be reported. */
    boolean areUnreported() {
        return unreported != null;
    }

    /** Ends a sequence; it fails if its answer cannot be reported. */
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
        } catch (Throwable e) { // it has left all the same, and its slots are free, with nothing in them to reuse
            sequence.leave();
        }
        if (!sequence.isOver()) {
            sequence.fail(failure(sequence, cause));
            report(sequence);
        }
    }

    private RuntimeException failure(Sequence sequence, Throwable cause) {
        try {
            if (lasting == null && isLasting(cause)) {
                lasting = cause;
                queue.shut(cause); // before its caller is called, which may ask for the reason
            }
            return ComputeFailure.of(cause);
        } catch (OutOfMemoryError e) {
            return sequence.spare();
        }
    }

    /** Removes a sequence; it is counted out before its end is reported, so that its caller finds room for the next request. */
    private void leave(Sequence sequence) {
        try {
            scheduler.release(sequence);
        } finally {
            if (sequence.leave()) {
                queue.leave();
            }
        }
    }

    /** Reports the failure of a sequence, now or in a later turn, when there is memory for it. */
    private void report(Sequence sequence) {
        try {
            sequence.report();
        } catch (Throwable e) {
            sequence.nextUnreported = unreported;
            unreported = sequence;
        }
    }

    /** Tries to report the remaining failures again. */
    void reportAgain() {
        Sequence next = unreported;
        unreported = null;
        while (next != null) {
            Sequence sequence = next;
            next = sequence.nextUnreported;
            sequence.nextUnreported = null;
            report(sequence);
        }
    }
}
