package io.github.internvl.internal.grammar;

/** A meter that ends the work after some steps. Used by one thread. */
final class StepLimit implements Meter {
    /** The end of work that took too many steps; it carries no trace, as it is caught close by. */
    static final class Reached extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private Reached() {
            super(null, null, false, false);
        }
    }

    private final long most;
    private long taken;

    StepLimit(long most) {
        this.most = most;
    }

    @Override
    public void charge(long steps) {
        taken += steps;
        if (taken > most) {
            throw new Reached();
        }
    }

    long taken() {
        return taken;
    }
}
