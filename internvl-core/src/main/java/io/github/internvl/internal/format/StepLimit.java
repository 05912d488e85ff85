package io.github.internvl.internal.format;

import io.github.internvl.grammar.Meter;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/** A meter that ends the work after a number of steps. Used by one thread. */
final class StepLimit implements Meter {
    /** The end of work that took too many steps, without a stack trace, as the caller catches it. */
    static final class Reached extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private Reached() {
            super(null, null, false, false);
        }
    }

    private final long most;
    private final BooleanSupplier ended;
    private long taken;

    StepLimit(long most) {
        this(most, () -> false);
    }

    /** Ends the work also when its result is not needed any more. */
    StepLimit(long most, BooleanSupplier ended) {
        this.most = most;
        this.ended = ended;
    }

    @Override
    public void charge(long steps) {
        taken += steps;
        if (ended.getAsBoolean()) {
            throw new CancellationException("the answer that the format is for has ended");
        }
        if (taken > most) {
            throw new Reached();
        }
    }

    long taken() {
        return taken;
    }
}
