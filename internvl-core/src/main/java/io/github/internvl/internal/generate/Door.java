package io.github.internvl.internal.generate;

import io.github.internvl.InternVLException;
import io.github.internvl.QueueFullException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where requests come in: any thread brings them, the engine's thread takes them away. It lets in only so many at once, and
 * nobody once the engine is to end. Thread-safe.
 */
final class Door {
    private final int slots;
    private final int waiting;

    private final Object gate = new Object(); // guards the rest
    private final List<Sequence> arrived = new ArrayList<>();
    private int inside; // let in, and not ended
    private boolean draining; // nobody is let in, and the engine ends once it is empty
    private boolean closing;
    private @Nullable Throwable death; // what ended the engine, if nobody closed it

    /** Lets in as many as there are slots, and so many that wait. */
    Door(int slots, int waiting) {
        this.slots = slots;
        this.waiting = waiting;
    }

    /** Refuses whoever would find it full. */
    void check() {
        synchronized (gate) {
            refuseIfFull();
        }
    }

    private void refuseIfFull() {
        if (inside >= slots + waiting) {
            throw new QueueFullException("no more requests are taken in than " + slots + " at once and " + waiting
                    + " waiting: " + inside + "; ask again later, or load the model with a larger maxWaiting");
        }
    }

    /** Lets a sequence in. */
    void enter(Sequence sequence) {
        synchronized (gate) {
            if (closing || draining) {
                throw ended();
            }
            refuseIfFull();
            inside++;
            arrived.add(sequence);
            gate.notifyAll();
        }
    }

    /** One has ended. */
    void leave() {
        synchronized (gate) {
            inside--;
        }
    }

    /** Hands those that have come to a scheduler, and waits while it is idle; false once the engine is to end. */
    boolean await(Scheduler scheduler) {
        synchronized (gate) {
            while (!closing && !draining && arrived.isEmpty() && scheduler.isIdle()) {
                try {
                    gate.wait();
                } catch (InterruptedException e) {
                    closing = true; // somebody wants this thread to end
                }
            }
            arrived.forEach(scheduler::add);
            arrived.clear();
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

    /** The engine has ended: hands those that still came to a scheduler, and tells why. */
    InternVLException shut(Scheduler scheduler, @Nullable Throwable reason) {
        synchronized (gate) {
            closing = true;
            death = reason;
            arrived.forEach(scheduler::add);
            arrived.clear();
            return ended();
        }
    }

    private InternVLException ended() {
        return death == null
                ? new InternVLException("the model is closed; load it again to ask more")
                : new InternVLException("the engine stopped: " + death + "; close the model and load it again", death);
    }
}
