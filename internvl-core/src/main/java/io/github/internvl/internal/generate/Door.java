package io.github.internvl.internal.generate;

import io.github.internvl.InternVLException;
import io.github.internvl.QueueFullException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where requests come in: any thread brings them, the engine's thread takes them away. It lets in only so many at once, and
 * nobody once the engine is to end. Thread-safe.
 */
final class Door {
    private final int slots;
    private final int waiting;

    private final Object gate = new Object(); // guards the rest
    private final Deque<Sequence> arrived = new ArrayDeque<>();
    private int inside; // let in, and not ended
    private boolean draining; // nobody is let in, and the engine ends once it is empty
    private boolean closing;
    private @Nullable Throwable death; // what ended the engine, if nobody closed it

    /** Lets in as many as there are slots, and so many that wait. */
    Door(int slots, int waiting) {
        this.slots = slots;
        this.waiting = waiting;
    }

    /** Refuses a request that would find it full or shut. */
    void check() {
        synchronized (gate) {
            refuse();
        }
    }

    private void refuse() {
        if (closing || draining) {
            throw ended();
        }
        if (inside >= slots + waiting) {
            throw new QueueFullException("no more requests are taken in than " + slots + " at once and " + waiting
                    + " waiting: " + inside + "; ask again later, or load the model with a larger maxWaiting");
        }
    }

    /** Lets a sequence in. */
    void enter(Sequence sequence) {
        synchronized (gate) {
            refuse();
            arrived.add(sequence);
            inside++;
            gate.notifyAll();
        }
    }

    /** One has ended. */
    void leave() {
        synchronized (gate) {
            inside--;
        }
    }

    /**
     * Hands those that have come to a scheduler; false once the engine is to end.
     *
     * @param rests whether to wait while the scheduler is idle
     */
    boolean await(Scheduler scheduler, boolean rests) {
        synchronized (gate) {
            while (rests && !closing && !draining && arrived.isEmpty() && scheduler.isIdle()) {
                try {
                    gate.wait();
                } catch (InterruptedException e) { // by a callback of a request: what ends the thread closes the door
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

    /** Lets nobody in any more; the engine goes on until it is empty. */
    void drain() {
        synchronized (gate) {
            draining = true;
            gate.notifyAll();
        }
    }

    /** Lets nobody in any more; the engine ends after its present turn. */
    void close() {
        synchronized (gate) {
            closing = true;
            gate.notifyAll();
        }
    }

    /** The engine has ended, for a reason unless it was closed; lets nobody in any more. */
    void shut(@Nullable Throwable reason) {
        synchronized (gate) {
            closing = true;
            death = reason;
        }
    }

    /** Takes out one of those that came and were never handed on; null if none is left. */
    @Nullable
    Sequence takeLeft() {
        synchronized (gate) {
            return arrived.poll();
        }
    }

    /** The exception that ended the engine; empty unless one did. */
    Optional<Throwable> failure() {
        synchronized (gate) {
            return Optional.ofNullable(death);
        }
    }

    /** The reason why no request is let in. */
    InternVLException ended() {
        synchronized (gate) {
            return death == null
                    ? new InternVLException("the model is closed; load it again to ask more")
                    : new InternVLException(
                            "the engine stopped: " + death + "; close the model and load it again", death);
        }
    }
}
