package io.github.internvl.grammar;

/** A meter with a limit, as a request has one. */
final class StepBudget implements Meter {
    /** The steps of a request without a budget of its own. */
    static final long DEFAULT = 4_000_000;

    /** The limit was reached. */
    static final class Exceeded extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    private final long most;
    private long taken;

    StepBudget(long most) {
        this.most = most;
    }

    @Override
    public void charge(long steps) {
        taken += steps;
        if (taken > most) {
            throw new Exceeded();
        }
    }
}
