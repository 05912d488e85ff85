package io.github.internvl.internal.engine;

import io.github.internvl.InternVLException;
import io.github.internvl.QueueFullException;
import io.github.internvl.internal.torch.ComputeFailure;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The queue between callers and the engine's thread: any thread adds a sequence, the engine's thread hands it to the
 * scheduler. It bounds the requests inside the engine, and rejects all once the engine is to end. Thread-safe.
 */
final class RequestQueue {
    private final int slots;
    private final int waiting;

    private final Object lock = new Object(); // guards the rest
    private final Deque<Sequence> arrived = new ArrayDeque<>();
    private int inside; // accepted and not ended
    private boolean draining; // rejects requests, and the engine ends once it is idle
    private boolean closing;
    private @Nullable Throwable death; // the exception that ended the engine; null if it was closed

    /** Makes a queue that accepts a request for each slot, and some that wait. */
    RequestQueue(int slots, int waiting) {
        this.slots = slots;
        this.waiting = waiting;
    }

    /** Rejects a request if the queue is full or closed now; {@link #add} decides. */
    void check() {
        synchronized (lock) {
            reject();
        }
    }

    private void reject() {
        if (closing || draining) {
            throw ended();
        }
        if (inside >= slots + waiting) {
            throw new QueueFullException("requests must not be more than " + slots + " at once and " + waiting
                    + " waiting: " + inside + "; ask again later, or load the model with a larger maxWaiting");
        }
    }

    /** Adds a sequence, or rejects it. */
    void add(Sequence sequence) {
        synchronized (lock) {
            reject();
            arrived.add(sequence);
            inside++;
            lock.notifyAll();
        }
    }

    /** Counts out a sequence that has ended. */
    void leave() {
        synchronized (lock) {
            inside--;
        }
    }

    /**
     * Hands the arrived sequences to a scheduler; false once the engine is to end.
     *
     * @param rests whether to wait while the scheduler is idle
     */
    boolean await(Scheduler scheduler, boolean rests) {
        synchronized (lock) {
            while (rests && !closing && !draining && arrived.isEmpty() && scheduler.isIdle()) {
                try {
                    lock.wait();
                } catch (InterruptedException e) { // by a callback of a request; only close() ends the thread
                    Thread.onSpinWait();
                }
            }
            for (Sequence next = arrived.peek(); next != null; next = arrived.peek()) {
                scheduler.add(next);
                arrived.remove();
            }
            closing |= draining && scheduler.isIdle();
            return !closing;
        }
    }

    /** Rejects requests from now on; the engine ends once it is idle. */
    void drain() {
        synchronized (lock) {
            draining = true;
            lock.notifyAll();
        }
    }

    /** Rejects requests from now on; the engine ends after its present turn. */
    void close() {
        synchronized (lock) {
            closing = true;
            lock.notifyAll();
        }
    }

    /** Records that the engine has ended, and the reason unless it was closed; rejects requests from now on. */
    void shut(@Nullable Throwable reason) {
        synchronized (lock) {
            closing = true;
            death = reason;
        }
    }

    /** Removes a sequence that arrived and was never handed on; null if none is left. */
    @Nullable
    Sequence takeLeft() {
        synchronized (lock) {
            return arrived.poll();
        }
    }

    /** The exception that ended the engine; empty unless one did. */
    Optional<Throwable> failure() {
        synchronized (lock) {
            return Optional.ofNullable(death);
        }
    }

    private static String reason(Throwable death) {
        return ComputeFailure.isOfDevice(death)
                ? String.valueOf(ComputeFailure.of(death).getMessage())
                : death.toString();
    }

    /** The exception with which requests are rejected after the end. */
    InternVLException ended() {
        synchronized (lock) {
            return death == null
                    ? new InternVLException("the model is closed; load it again to ask more")
                    : new InternVLException(
                            "the engine stopped: " + reason(death) + "; close the model and load it again", death);
        }
    }
}
