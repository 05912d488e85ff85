package io.github.internvl.grammar;

/** A counter of the work that a grammar causes. It ends the work by throwing, when a limit is reached or the result is not needed. */
@FunctionalInterface
public interface Meter {
    /** A meter without a limit. */
    Meter FREE = steps -> {};

    /** Charges some steps: a schema, or an expression read over one byte, is one step; an expression that is made is two. */
    void charge(long steps);
}
